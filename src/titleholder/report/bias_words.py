"""What rates, definitions and mitigations are called, what they say, and the caveat each needs."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Words:
    """A title and what it says."""

    title: str
    says: str


# In the order in which an audit records them.
RATES = {
    "favourable_rate": Words("Favourable rate", "share with the decision that people want"),
    "selection_rate": Words("Selection rate", "share called positive"),
    "recall": Words("True positive rate", "of the truly positive, called so"),
    "false_positive_rate": Words("False positive rate", "of the truly negative, called positive"),
    "false_negative_rate": Words("False negative rate", "of the truly positive, missed"),
    "precision": Words("Precision", "of those called positive, truly so"),
    "accuracy": Words("Accuracy", "decisions that are right"),
}

DEFINITIONS = {
    "demographic_parity_difference": Words(
        "Demographic parity difference", "largest less smallest selection rate; 0 is equal"
    ),
    "demographic_parity_ratio": Words(
        "Demographic parity ratio", "smallest over largest selection rate; 1 is equal"
    ),
    "equalized_odds_difference": Words(
        "Equalised odds difference", "the larger of the gaps in true and false positive rate"
    ),
    "equalized_odds_ratio": Words(
        "Equalised odds ratio", "the smaller of the ratios of true and false positive rates"
    ),
    "equal_opportunity_difference": Words(
        "Equal opportunity difference", "gap in true positive rate; 0 is equal"
    ),
    "predictive_parity_difference": Words(
        "Predictive parity difference", "gap in precision; 0 is equal"
    ),
    "four_fifths": Words(
        "Four-fifths ratio", "smallest over largest favourable rate; below 0.8 draws attention"
    ),
    "statistical_parity_difference": Words(
        "Statistical parity difference", "favourable rate less the reference's"
    ),
    "disparate_impact": Words("Disparate impact", "favourable rate over the reference's"),
    "average_odds_difference": Words(
        "Average odds difference",
        "mean gap of true and false positive rates",
    ),
}

# Kind and constraint: title, what it does, and the caveat that it needs.
_BY_GROUP = (
    "It uses the group when it decides: two people alike in all else may get different decisions. "
    "In lending, hiring and housing that is often unlawful disparate treatment; ask counsel first."
)
_LOT = "Some of its decisions are drawn by lot, which is hard to explain to whom they concern."
_LAYER = (
    "A logistic layer over the candidate's score and the columns, fitted on few rows: an "
    "indication of what retraining could do, and no model to ship. It reads the group when it is "
    "fitted, never when it decides."
)
OPTIONS = {
    ("thresholds", "demographic_parity"): (
        "A threshold for each group, equal selection rates",
        "Postprocessing: the bar is set group by group until selection rates meet.",
        f"{_BY_GROUP} {_LOT}",
    ),
    ("thresholds", "equalized_odds"): (
        "A threshold for each group, equal error rates",
        "Postprocessing: the bar is set group by group until true and false positive rates meet.",
        f"{_BY_GROUP} {_LOT}",
    ),
    ("layer", ""): (
        "The layer alone, no constraint",
        "What refitting does by itself: hold those below against this one.",
        _LAYER,
    ),
    ("reweighed", "demographic_parity"): (
        "Reweighing",
        "Training rows are weighted until group and truth are independent among them.",
        f"{_LAYER} Columns that give the group away can undo what the weights did.",
    ),
    ("reduced", "demographic_parity"): (
        "Exponentiated gradient, equal selection rates",
        "A game between errors and gaps, settled by a mixture of models.",
        f"{_LAYER} {_LOT}",
    ),
    ("reduced", "equalized_odds"): (
        "Exponentiated gradient, equal error rates",
        "The same game, with gaps in true and false positive rate.",
        f"{_LAYER} {_LOT}",
    ),
}

CAVEATS = (
    "Equal selection rates, equal error rates and equal precision cannot in general all hold where "
    "groups differ in how often the truth is positive (Chouldechova 2017, "
    "doi:10.1089/big.2016.0047; Kleinberg et al. 2016, arXiv:1609.05807): which one matters is a "
    "choice that somebody has to answer for.",
    "The truth in the data is a record of past decisions and past measurement. A model that is "
    "fair to a biased record is not fair.",
    "Each interval stands by itself. Among twenty of them, one misses the truth by chance.",
    "Who is in no column cannot be audited: groups that nobody recorded are not groups that are "
    "treated well.",
)

RIGHTS = (
    "The four-fifths rule (29 CFR 1607.4(D)) is a rule of thumb for where to look, no safe "
    "harbour: smaller gaps can be unlawful, larger ones lawful."
)
