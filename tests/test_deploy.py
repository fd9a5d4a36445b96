"""The files of a server agree with each other and hold no secret."""

import re

import yaml

from orchestration.refresh import DAGSTER_YAML
from orchestration.settings import Settings, load
from tests.conftest import PROJECT

DEPLOY = PROJECT / "deploy"
COMPOSE = yaml.safe_load((PROJECT / "compose.yaml").read_text())


def test_a_server_runs_days_as_a_home_does_and_keeps_runs_in_postgres():
    server = yaml.safe_load((DEPLOY / "dagster.yaml").read_text())
    home = yaml.safe_load(DAGSTER_YAML)
    assert {name: server[name] for name in home} == home
    database = server["storage"]["postgres"]["postgres_db"]
    environment = COMPOSE["services"]["code"]["environment"]
    named = {value["env"] for value in database.values() if isinstance(value, dict)}
    assert named == {name for name in environment if name.startswith("POSTGRES_")}


def test_kubernetes_adds_to_the_same_configuration():
    text = (DEPLOY / "dagster.yaml").read_text() + (DEPLOY / "kubernetes.yaml").read_text()
    both = yaml.safe_load(text)
    added = yaml.safe_load((DEPLOY / "kubernetes.yaml").read_text())
    assert (
        both.keys() - yaml.safe_load((DEPLOY / "dagster.yaml").read_text()).keys() == added.keys()
    )
    assert (
        both["run_launcher"]["config"]["dagster_home"]
        == (COMPOSE["services"]["code"]["environment"]["DAGSTER_HOME"])
    )


def test_every_setting_reaches_a_server_and_stands_in_the_example():
    example = (PROJECT / ".env.example").read_text()
    named = {f"TAOBOOKS_{name.upper()}" for name in Settings.model_fields}
    named.add("DAGSTER_SCHEDULE_GRPC_TIMEOUT_SECONDS")
    for service in ("code", "daemon", "webserver"):
        environment = COMPOSE["services"][service]["environment"]
        assert named <= environment.keys()
        for name in named - {"TAOBOOKS_HOME"}:
            assert environment[name].startswith(f"${{{name}:"), "from .env"
    assert named <= set(re.findall(r"^#(\w+)=", example, re.MULTILINE))


def test_settings_that_are_left_empty_are_the_default(monkeypatch):
    """Compose passes a variable that nobody set as an empty one."""
    for name, value in COMPOSE["services"]["code"]["environment"].items():
        if name.startswith("TAOBOOKS_") and value.endswith(":-}"):
            monkeypatch.setenv(name, "")
    chosen = load()
    assert (chosen.prices_folder, chosen.prices_url) == (None, None)


def test_no_secret_is_written_down_and_the_ui_is_on_this_host():
    for service in COMPOSE["services"].values():
        password = service["environment"]["POSTGRES_PASSWORD"]
        assert password.startswith("${POSTGRES_PASSWORD:?")
    assert COMPOSE["services"]["webserver"]["ports"] == ["${UI_ADDRESS:-127.0.0.1:3000}:3000"]
    assert [name for name, service in COMPOSE["services"].items() if "ports" in service] == [
        "webserver"
    ]


def test_what_the_image_copies_and_the_services_read_is_there():
    taken = re.findall(r"^!(\S+)", (PROJECT / ".dockerignore").read_text(), re.MULTILINE)
    for path in taken:
        assert (PROJECT / path).exists(), path
    assert {"deploy", "orchestration", "requirements-server.lock"} <= set(taken)
    for name in ("daemon", "webserver"):
        assert COMPOSE["services"][name]["command"].endswith("-w deploy/workspace.yaml")
    (server,) = yaml.safe_load((DEPLOY / "workspace.yaml").read_text())["load_from"]
    where = server["grpc_server"]
    assert where["host"] in COMPOSE["services"]
    assert f"-p {where['port']} " in COMPOSE["services"][where["host"]]["command"]
