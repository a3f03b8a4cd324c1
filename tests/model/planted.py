"""In: sizes and a seed. Out: items drawn from topics that are known."""

import numpy as np
import pandas as pd

from analysis.model import tokens

# Words that stay whole whatever stands beside them: a blank does.
WORDS = sorted(word for word in tokens.lexicon().words if word not in tokens.lexicon().stopwords)


def items_of(documents, per_report=5, **columns):
    """Return items whose words are known, `per_report` to a report."""
    numbers = range(len(documents))
    return pd.DataFrame(
        {
            "report_id": [f"r{number // per_report:03d}" for number in numbers],
            "item_id": [number % per_report + 1 for number in numbers],
            "text": [" ".join(words) for words in documents],
            **columns,
        }
    )


def simulate(n_items, n_topics, length, seed, alpha=0.1, eta=0.05, n_words=120):
    """Draw items from an allocation with known topics; return them and the topics' words K×V."""
    rng = np.random.default_rng(seed)
    words = rng.dirichlet(np.full(n_words, eta), n_topics)
    shares = rng.dirichlet(np.full(n_topics, alpha), n_items)
    documents = [[WORDS[w] for w in rng.choice(n_words, length, p=share @ words)] for share in shares]
    return items_of(documents), words
