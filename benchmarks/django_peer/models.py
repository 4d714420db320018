"""The product's tables as Django sees them; only who belongs to which branches is a table of its own."""

from django.conf import settings
from django.db import models


class Branch(models.Model):
    name = models.CharField("名称", max_length=60)

    class Meta:
        managed = False
        db_table = "branch"

    def __str__(self):
        return self.name


class Company(models.Model):
    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name="所属党组织")
    short_name = models.CharField("企业简称", max_length=40)
    initials = models.CharField("首字母", max_length=60)
    pinyin = models.CharField("拼音", max_length=200)

    class Meta:
        managed = False
        db_table = "company"

    def __str__(self):
        return self.short_name


class ChecklistVersion(models.Model):
    name = models.CharField("版本名称", max_length=60)

    class Meta:
        managed = False
        db_table = "checklist_version"

    def __str__(self):
        return self.name


class Assessment(models.Model):
    class Status(models.TextChoices):
        DRAFT = "draft", "填写中"
        SUBMITTED = "submitted", "已自评"
        REVIEWED = "reviewed", "已考评"

    class Result(models.TextChoices):
        PASSED = "passed", "达标"
        NEARLY = "nearly", "基本达标"
        FAILED = "failed", "不达标"

    branch = models.ForeignKey(Branch, models.PROTECT, verbose_name="所属党组织")
    company = models.ForeignKey(Company, models.PROTECT, verbose_name="企业")
    checklist_version = models.ForeignKey(ChecklistVersion, models.PROTECT, verbose_name="清单版本")
    assessed_on = models.DateField("考核日期")
    status = models.CharField("进展", max_length=32, choices=Status.choices, default=Status.DRAFT)
    self_score = models.IntegerField("自评分", null=True, blank=True)
    review_score = models.IntegerField("考评分", null=True, blank=True)
    result = models.CharField("考评结果", max_length=32, choices=Result.choices, null=True, blank=True)
    note = models.CharField("备注", max_length=500, null=True, blank=True)
    version = models.IntegerField(default=1)
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        managed = False
        db_table = "assessment"
        verbose_name = verbose_name_plural = "考核"

    def __str__(self):
        return f"{self.assessed_on} 考核"


class Membership(models.Model):
    """A user sees the rows of these branches; a superuser sees all."""

    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE)
    branch = models.ForeignKey(Branch, models.CASCADE, db_constraint=False)
