"""The macros of exact arithmetic and of verdicts, each on figures worked out by hand."""

import json
from decimal import Decimal

import duckdb
import pytest

from orchestration.defs.warehouse.project import dbt

PRICE_ONE = 2**64
MOST = 10**38 - 1

CASES = [
    # Sums keep every rao that a double would lose, and the type that Parquet keeps.
    ("exact_sum('x')", "(9007199254740993), (1)", Decimal(9007199254740994)),
    ("exact_sum('x')", "(null::bigint), (1)", Decimal(1)),
    ("all_or_null('x')", "(9007199254740993), (1)", Decimal(9007199254740994)),
    ("all_or_null('x')", "(null::bigint), (1)", None),
    # Quotients are cut, never rounded, and there is none by nought.
    ("exact_quotient('x', '3')", "(9007199254740993000000000)", Decimal(3002399751580331000000000)),
    ("exact_quotient('x', '3')", "(2)", Decimal(0)),
    ("exact_quotient('x', '0')", "(2)", None),
    ("share('x', '3')", "(2)", Decimal("0.666666666666")),
    ("share('x', '9007199254740993')", "(9007199254740993)", Decimal(1)),
    ("share('x', '0')", "(0)", None),
    ("readable('x')", "(9007199254740993)", Decimal("9007199.254740993")),
    ("readable('x')", "(-1)", Decimal("-0.000000001")),
    # A price above 10^9 TAO has no readable form.
    ("price_tao('x')", f"({PRICE_ONE}::decimal(38, 0))", Decimal(1)),
    ("price_tao('x')", f"({PRICE_ONE // 3}::decimal(38, 0))", Decimal("0.333333333")),
    ("price_tao('x')", f"({PRICE_ONE * 10**9}::decimal(38, 0))", None),
    # What an amount is worth is cut to whole rao; null where 38 digits do not hold the product.
    ("worth_rao(PRICE_ONE, 'x')", "(9007199254740993)", Decimal(9007199254740993)),
    ("worth_rao(PRICE_ONE - 1, 'x')", "(9007199254740993)", Decimal(9007199254740992)),
    ("worth_rao(MOST, 'x')", "(0)", Decimal(0)),
    ("worth_rao(MOST, 'x')", "(1)", Decimal(MOST // PRICE_ONE)),
    ("worth_rao(MOST, 'x')", "(2)", None),
    # Dollars are cut towards nought on both sides of it.
    ("usd('x', PRICE)", "(9007199254740993)", Decimal("3611588287.032491235")),
    ("usd('x', PRICE)", "(-9007199254740993)", Decimal("-3611588287.032491235")),
    ("usd('x', PRICE)", f"({MOST}::decimal(38, 0))", None),
    ("usd('x', 'cast(null as decimal(38, 9))')", "(1)", None),
    ("usd_verdict('x')", "(null::decimal(38, 9))", "no_price"),
    ("usd_verdict('x')", "(0::decimal(38, 9))", "priced"),
    # Verdicts: a residual is recomputed less observed, and exact is to the bit.
    ("residual('x', '9007199254740994')", "(9007199254740993)", Decimal(1)),
    ("verdict('x', '9007199254740994')", "(9007199254740993)", "differs"),
    ("verdict('x', '9007199254740993')", "(9007199254740993)", "exact"),
    ("verdict('x', 'null')", "(1)", "unexplained"),
    ("verdict('x', '1')", "(null::bigint)", "unobserved"),
]


@pytest.fixture(scope="module")
def expressions(tmp_path_factory: pytest.TempPathFactory) -> list[str]:
    """The SQL of every case, as dbt makes it: in one go, since starting dbt takes seconds."""
    named = {
        "PRICE_ONE - 1": f"'{PRICE_ONE - 1}'",
        "PRICE_ONE": f"'{PRICE_ONE}'",
        "MOST": f"'{MOST}'",
        "PRICE": "'cast(400.966847173 as decimal(38, 9))'",
    }
    calls = []
    for call, _, _ in CASES:
        for name, literal in named.items():
            call = call.replace(f"({name},", f"({literal},").replace(f" {name})", f" {literal})")
        calls.append(f"{{{{ {call} }}}}")
    place = tmp_path_factory.mktemp("macros")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TAOBOOKS_WAREHOUSE_BUILD", str(place / "none.duckdb"))
        dbt().cli(
            ["compile", "--quiet", "--inline", " ;; ".join(calls)], target_path=place / "target"
        ).wait()
    (result,) = json.loads((place / "target" / "run_results.json").read_text())["results"]
    return result["compiled_code"].split(" ;; ")


@pytest.mark.parametrize("case", range(len(CASES)), ids=[f"{c} of {x}" for c, x, _ in CASES])
def test_a_macro_gives_the_figure_worked_out_by_hand(expressions, case):
    _, rows, expected = CASES[case]
    sql = f"select {expressions[case]} as found from (values {rows}) as given (x)"
    with duckdb.connect() as connection:
        answer = connection.sql(sql)
        ((found,),) = answer.fetchall()
        assert found == expected
        assert str(answer.types[0]) in (
            "DECIMAL(38,0)",
            "DECIMAL(38,9)",
            "DECIMAL(38,12)",
            "VARCHAR",
        )
