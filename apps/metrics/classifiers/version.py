"""The version of all classifiers together. Each row keeps the one that read it, so that figures of two never mix."""

#: A change of what any classifier says of any text raises it; `manage.py reclassify` then reads older rows again.
CLASSIFIER_VERSION = 2
