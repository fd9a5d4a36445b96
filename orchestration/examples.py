"""Questions people ask of subnets, with the SQL that answers them; tested to run as printed."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Example:
    """A question and the one query that answers it."""

    question: str
    sql: str

    def command(self, program: str) -> str:
        """What to paste into a shell."""
        return f'{program} sql "{self.sql}"'


EXAMPLES = (
    Example(
        "Which subnets get the TAO, and does the figure hold?",
        "select netuid, emission_rank, tao_in_emission_tao, observed_share, recomputed_share "
        "from fct_subnet_emissions_by_day order by block_date desc, emission_rank limit 10",
    ),
    Example(
        "What would leaving a subnet with 100 TAO pay?",
        "select netuid, alpha_in_alpha, tao_out_tao, slippage_ppm, cost_ppm "
        "from fct_exit_liquidity_by_day where asked_tao = 100 "
        "order by block_date desc, cost_ppm limit 10",
    ),
    Example(
        "Who made money, and what would leaving pay?",
        "select coldkey_ss58, netuid, zero_basis_rpnl_rao, fifo_rpnl_rao, spot_worth_rao, "
        "exit_value_rao from fct_position_pnl where netuid > 0 "
        "order by zero_basis_rpnl_rao desc limit 10",
    ),
    Example(
        "How much do the top ten take?",
        "select block_date, top_10_share, herfindahl_hirschman_index, nakamoto_subnets_count "
        "from fct_emission_dominance_by_day order by block_date desc",
    ),
    Example(
        "Where does stake flow in, and where out?",
        "select netuid, buys_count, sells_count, flow_chain_user_tao "
        "from fct_stake_flows_by_day order by block_date desc, flow_chain_user_rao desc limit 10",
    ),
    Example(
        "What did a subnet's alpha cost?",
        "select netuid, open_price_tao, high_price_tao, low_price_tao, close_price_tao, "
        "volume_tao, market_cap_tao from fct_pools_by_day "
        "order by block_date desc, market_cap_rao desc limit 10",
    ),
    Example(
        "Who earned the most in each subnet, and how much of it is proven?",
        "select netuid, uid, reward_alpha, reward_tao, epochs_count, exact_epochs_count "
        "from fct_neuron_rewards_by_day where reward_rank = 1 "
        "order by block_date desc, netuid limit 10",
    ),
    Example(
        "Which figures are not what the rules give, or not known to be?",
        "select block_date, quantity, pairs_count, differs_count, unexplained_count, "
        "unobserved_count from rec_verdicts_by_day where exact_count < pairs_count "
        "order by block_date desc, quantity",
    ),
)

VERDICTS = (
    "select quantity, sum(exact_count), sum(trivial_count), sum(differs_count), "
    "sum(unexplained_count), sum(unobserved_count) from rec_verdicts_by_day "
    "group by quantity order by quantity"
)
"""Verdicts over all days, by quantity: shown after a refresh and by ``taobooks status``."""

TRIVIAL = (
    "Trivial are those of the exact ones that need no rule to be right: 0, or what stood before "
    "(of what an epoch writes, bonds apart, 0 alone)."
)
