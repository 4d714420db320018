"""All columns of a company; what the product's models fill in by themselves has a default here."""

from django.db import models

from benchmarks.django_peer.models import Branch


class ImportedCompany(models.Model):
    class Status(models.TextChoices):
        OPEN = "open", "正常经营"
        PAUSED = "paused", "停业"
        CLOSED = "closed", "注销"

    branch = models.ForeignKey(Branch, models.PROTECT, related_name="+")
    short_name = models.CharField(max_length=40)
    registered_name = models.CharField(max_length=100, null=True, blank=True)
    industry = models.CharField(max_length=20, null=True, blank=True)
    status = models.CharField(max_length=32, choices=Status.choices, default=Status.OPEN)
    employees = models.IntegerField(null=True, blank=True)
    address = models.CharField(max_length=120, null=True, blank=True)
    contact_name = models.CharField(max_length=40, null=True, blank=True)
    contact_phone = models.CharField(max_length=20, null=True, blank=True)
    organised_on = models.CharField(max_length=10, null=True, blank=True)
    note = models.CharField(max_length=500, null=True, blank=True)
    pinyin = models.CharField(max_length=200, default="")
    initials = models.CharField(max_length=60, default="")
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "company"

    def __str__(self):
        return self.short_name
