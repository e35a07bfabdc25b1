"""Whatever is sent to the API, nothing breaks, and what comes back is as it is described (schemathesis)."""

from __future__ import annotations

import os

import hypothesis
import pytest
import schemathesis
from api_place import ApiPlace
from hypothesis import HealthCheck, strategies
from schemathesis import checks
from schemathesis.specs.openapi import checks as openapi

from fmn_core.store import version_of
from fmn_web.api import OPERATIONS
from fmn_web.api.operation import ROOT

CHECKS = [
    checks.not_a_server_error,
    openapi.status_code_conformance,
    openapi.content_type_conformance,
    openapi.response_schema_conformance,
    openapi.response_headers_conformance,
]


#: examples of each operation; a hundred of them take two minutes in all
EXAMPLES = int(os.environ.get("FMN_TEST_API_EXAMPLES", "15"))


@pytest.mark.parametrize("one", OPERATIONS, ids=lambda one: one.name)
def test_nothing_breaks(tmp_path, store, one):
    place = ApiPlace(tmp_path, store)
    place.happened()
    store.switches.switch("jane", "mail", False)
    schema = schemathesis.openapi.from_wsgi(f"{ROOT}/openapi.json", place.app)
    bearer = {"Authorization": f"Bearer {place.secret}"}
    mine = place.filter_of("jane")
    real = {"backend": "mail", "filter": mine.id, "notification": "n1", "message": "m1", "rule": "named",
            "change": store.audit.of_user("jane")[0].id, "address": "x@example.org"}  # fmt: skip

    @hypothesis.settings(max_examples=EXAMPLES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
    @hypothesis.given(case=schema[one.path][one.method].as_strategy(), is_real=strategies.booleans())
    def run(case, is_real):
        if is_real:
            case.path_parameters = {name: real[name] for name in case.path_parameters or {}}
            case.headers = {**(case.headers or {}), **({"If-Match": version_of(mine)} if one.versioned else {})}
        case.validate_response(case.call(headers=bearer), checks=CHECKS)

    run()
