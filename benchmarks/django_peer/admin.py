"""Two screens, with django-import-export for the files."""

from django.contrib import admin
from import_export import fields, resources
from import_export.admin import ExportMixin
from import_export.formats.base_formats import CSV, XLSX
from import_export.forms import ExportForm

from benchmarks.cases import PAGE
from benchmarks.django_peer.models import Assessment, Company, Membership


class OwnBranches:
    """Rows of the user's branches."""

    def get_queryset(self, request):
        rows = super().get_queryset(request)
        if request.user.is_superuser:
            return rows
        branches = Membership.objects.filter(user=request.user).values_list("branch_id", flat=True)
        return rows.filter(branch_id__in=list(branches))


class AssessmentResource(resources.ModelResource):
    company = fields.Field("company__short_name", "企业")
    checklist_version = fields.Field("checklist_version__name", "清单版本")
    status = fields.Field("get_status_display", "进展")
    result = fields.Field("get_result_display", "考评结果")

    class Meta:
        model = Assessment
        fields = ("assessed_on", "company", "checklist_version", "status", "self_score", "review_score", "result", "id")
        export_order = fields
        chunk_size = 2000


@admin.register(Assessment)
class AssessmentAdmin(OwnBranches, ExportMixin, admin.ModelAdmin):
    list_display = ("assessed_on", "company", "checklist_version", "status", "self_score", "review_score", "result")
    list_select_related = ("company", "checklist_version")
    list_filter = ("status", "result", "checklist_version", "assessed_on")
    search_fields = ("company__short_name", "company__initials", "note")
    ordering = ("-assessed_on", "-id")
    list_per_page = PAGE
    # Django's advice for large tables: without it a filtered list counts all rows as well.
    show_full_result_count = False
    fields = ("company", "checklist_version", "assessed_on", "note")
    autocomplete_fields = ("company",)
    resource_classes = (AssessmentResource,)
    export_form_class = ExportForm
    formats = (CSV, XLSX)

    def get_export_formats(self):
        return list(self.formats)


@admin.register(Company)
class CompanyAdmin(OwnBranches, admin.ModelAdmin):
    search_fields = ("short_name", "initials")
    list_per_page = PAGE
