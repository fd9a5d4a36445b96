"""What TAO cost in US dollars, from the files and the address named in the settings."""

import dagster as dg

from orchestration import settings
from orchestration.defs.resources import LakeResource
from orchestration.market.sources import tao_prices


@dg.asset(group_name="raw", kinds={"parquet"})
def raw_market__tao_prices(lake: LakeResource) -> dg.MaterializeResult:
    """Candles of TAO in US dollars; none without a source. Grain: source x candle."""
    chosen = settings.load()
    url = chosen.prices_url.get_secret_value() if chosen.prices_url else None
    rows = tao_prices(chosen.prices(), url, lake.found("raw_market__tao_prices"))
    return lake.write("raw_market__tao_prices", rows, None)
