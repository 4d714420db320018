.DEFAULT_GOAL := help
.PHONY: help run test lint matrix bench bench-import bench-matrix profile weight drill formulas format migrate fresh screenshots

N ?= 1000000
IMPORTED ?= 20000
CASE ?= first
ROLE ?= city
# Tests start the program hundreds of times: it must not be compiled anew each time.
unexport PYTHONDONTWRITEBYTECODE
# One process more than there are processors: a fifth of the time a test waits for a browser, a disk or a server.
PYTEST := .venv/bin/pytest -n $(shell echo $$(($$(getconf _NPROCESSORS_ONLN) + 1))) --dist worksteal

help: ## say what can be made
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-13s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

run: ## install, migrate, load the demo into an empty database, serve (HOST, PORT)
	@scripts/bootstrap
	@.venv/bin/python app.py

test: ## all tests: SQLite, PostgreSQL and a real browser (root installs Chromium once)
	@scripts/bootstrap --dev
	@scripts/ensure-chromium
	$(PYTEST) -m "not long and not glance"

lint: ## style, order of imports, who may import whom, where bulk statements stand
	@scripts/bootstrap --dev
	.venv/bin/ruff check .
	.venv/bin/ruff format --check .
	.venv/bin/lint-imports
	.venv/bin/python scripts/lint_bulk.py

matrix: ## everything on every route x every role x own and foreign branch, on both databases (long)
	@scripts/bootstrap --dev
	$(PYTEST) -m matrix

bench: .peers/installed ## measure beside Django on the same N rows (1000000: half an hour; ON=sqlite or postgresql alone)
	@scripts/bootstrap --dev
	PYTHONPATH=.peers .venv/bin/python -m benchmarks $(N) $(if $(ON),--on $(ON))

bench-import: .peers/installed ## import 20,000 companies beside django-import-export (IMPORTED=20000; ON=sqlite or postgresql alone)
	@scripts/bootstrap --dev
	PYTHONPATH=.peers .venv/bin/python -m benchmarks.importing $(IMPORTED) $(if $(ON),--on $(ON))

bench-matrix: ## measure the overview of 200 companies by 60 items beside its bare queries (ON=sqlite or postgresql alone)
	@scripts/bootstrap --dev
	.venv/bin/python -m benchmarks.matrix $(if $(ON),--on $(ON))

profile: ## say where the time of a request goes (CASE=first, ROLE=city, N=1000000, ON=sqlite)
	@scripts/bootstrap --dev
	.venv/bin/python -m benchmarks $(N) --profile $(CASE) --role $(ROLE) $(if $(ON),--on $(ON))

weight: .peers/installed ## weigh a list in Chromium beside Django and plain Flask-Admin
	@scripts/bootstrap --dev
	@scripts/ensure-chromium
	PYTHONPATH=.peers .venv/bin/python -m benchmarks.weight

.peers/installed: benchmarks/requirements.txt
	@scripts/bootstrap --dev
	rm -rf .peers
	.venv/bin/python -m pip --disable-pip-version-check install --quiet --target .peers --requirement $<
	touch $@

drill: ## kill the server and the database 200 times while people work, and see what is lost (long)
	@scripts/bootstrap --dev
	.venv/bin/python -m tests.drills

formulas: ## open exports, templates and marked sheets full of formula injections in LibreOffice (root installs it once)
	@scripts/bootstrap --dev
	@scripts/ensure-libreoffice
	.venv/bin/pytest -m long tests/test_formulas_in_office.py

screenshots: ## picture every kind of page at three widths into screenshots/, and renew those of the guide
	@scripts/bootstrap --dev
	@scripts/ensure-chromium
	.venv/bin/python -m tests.screenshots

format: ## put the code into the agreed form
	@scripts/bootstrap --dev
	.venv/bin/ruff check --fix .
	.venv/bin/ruff format .

migrate: ## bring the database up to this release
	@scripts/bootstrap
	.venv/bin/flask --app app migrate

fresh: ## try `make run` and `make test` in a fresh Debian 12 (needs root and debootstrap)
	@scripts/fresh-debian
