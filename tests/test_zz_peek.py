import sys, re; sys.path.insert(0,"/work/main")
from tests.conftest import *
from tests.test_services import *
def test_peek(app, sign_in):
    for r in ROLES:
        c=sign_in(r)
        h=c.get("/").get_data(as_text=True)
        open(f"/tmp/peek_{r}.html","w").write(h)
        body=re.sub(r"\s+"," ",re.sub(r"<[^>]+>"," ",h[h.index('id="content"'):]))
        print(r, len(h), body[:900]); print("style=" in h, "<script>" in h)
    c=sign_in("city_admin")
    h=c.get("/assess/?id=1").get_data(as_text=True)
    print(re.sub(r"\s+"," ",re.sub(r"<[^>]+>"," ",h[h.index('id="content"'):]))[:900])
    for r in ROLES:
        c=sign_in(r)
        print(r, [c.get(u).status_code for u in ("/assess/?id=1","/assess/?id=2","/report-desk/")])
