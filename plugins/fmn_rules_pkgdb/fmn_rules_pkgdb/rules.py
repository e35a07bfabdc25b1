"""The rules of pkgdb: each is a test of the topic alone."""

from __future__ import annotations

from fmn_core import app_rule, topic_rule

RULES = (
    app_rule("pkgdb_catchall", "pkgdb", "Anything from the package database"),
    topic_rule("pkgdb_acl_update", "pkgdb.acl.update", "A permission was changed"),
    topic_rule("pkgdb_acl_delete", "pkgdb.acl.delete", "A permission was deleted"),
    topic_rule(
        "pkgdb_admin_action_status_update", "pkgdb.admin.action.status.update", "An admin request changed status"
    ),
    topic_rule("pkgdb_branch_start", "pkgdb.branch.start", "Mass branching started"),
    topic_rule("pkgdb_branch_complete", "pkgdb.branch.complete", "Mass branching ended"),
    topic_rule("pkgdb_collection_new", "pkgdb.collection.new", "Collection created"),
    topic_rule("pkgdb_collection_update", "pkgdb.collection.update", "Collection changed"),
    topic_rule("pkgdb_owner_update", "pkgdb.owner.update", "Package owner changed (also orphaning)"),
    topic_rule("pkgdb_package_new", "pkgdb.package.new", "Package created"),
    topic_rule("pkgdb_package_new_request", "pkgdb.package.new.request", "New package requested"),
    topic_rule("pkgdb_package_update", "pkgdb.package.update", "Package details changed"),
    topic_rule("pkgdb_package_update_status", "pkgdb.package.update.status", "Package status changed"),
    topic_rule("pkgdb_package_delete", "pkgdb.package.delete", "Package deleted"),
    topic_rule("pkgdb_package_branch_new", "pkgdb.package.branch.new", "Branch created"),
    topic_rule("pkgdb_package_branch_request", "pkgdb.package.branch.request", "Branch requested"),
    topic_rule("pkgdb_package_branch_delete", "pkgdb.package.branch.delete", "Branch deleted"),
    topic_rule("pkgdb_package_critpath_update", "pkgdb.package.critpath.update", "Critical-path flag changed"),
    topic_rule("pkgdb_package_monitor_update", "pkgdb.package.monitor.update", "Release-monitoring flag changed"),
)
