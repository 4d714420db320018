"""The import of the admin, with a preview, a confirmation and an entry of its log for each row: its defaults."""

from django.contrib import admin
from import_export import fields, resources, widgets
from import_export.admin import ImportMixin
from import_export.formats.base_formats import XLSX

from benchmarks.django_import.models import ImportedCompany
from benchmarks.django_peer.models import Branch
from benchmarks.importing.sheet import INDUSTRIES


class WordWidget(widgets.Widget):
    """A value by its label."""

    def __init__(self, labels):
        super().__init__()
        self.labels = labels
        self.values = {label: value for value, label in labels.items()}

    def clean(self, value, row=None, **kwargs):
        return self.values[value] if value else None

    def render(self, value, obj=None, **kwargs):
        return self.labels.get(value, "")


class CompanyResource(resources.ModelResource):
    short_name = fields.Field("short_name", "企业简称")
    branch = fields.Field("branch", "所属党组织", widgets.ForeignKeyWidget(Branch, "name"))
    registered_name = fields.Field("registered_name", "登记名称")
    industry = fields.Field("industry", "行业", WordWidget(INDUSTRIES))
    status = fields.Field("status", "经营状况", WordWidget(dict(ImportedCompany.Status.choices)))
    employees = fields.Field("employees", "职工人数", widgets.IntegerWidget())
    address = fields.Field("address", "地址")
    contact_name = fields.Field("contact_name", "联系人")
    contact_phone = fields.Field("contact_phone", "联系电话")
    organised_on = fields.Field("organised_on", "党组织成立时间")
    note = fields.Field("note", "备注")

    class Meta:
        model = ImportedCompany
        import_id_fields = ("branch", "short_name")
        fields = (
            "short_name", "branch", "registered_name", "industry", "status", "employees", "address", "contact_name",
            "contact_phone", "organised_on", "note",
        )  # fmt: skip
        skip_unchanged = True


class BulkCompanyResource(CompanyResource):
    class Meta(CompanyResource.Meta):
        use_bulk = True


@admin.register(ImportedCompany)
class ImportedCompanyAdmin(ImportMixin, admin.ModelAdmin):
    resource_classes = (CompanyResource, BulkCompanyResource)
    formats = (XLSX,)
