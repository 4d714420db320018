from flask_admin import AdminIndexView
class HomePage(AdminIndexView):
    def __init__(self): super().__init__(name="工作台", category="本月", url="/")
    def is_accessible(self): return True
