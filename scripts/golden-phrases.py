"""Writes test/golden/phrases.json: which phrases gensim finds in test/golden/phrases.txt, and the text it makes of it.

    python3 scripts/golden-phrases.py          # needs gensim (Debian: python3-gensim)
    python3 scripts/golden-phrases.py --text   # makes phrases.txt anew as well, then the golden file

gensim's original_scorer is the formula of the paper times the number of entries in its table of words and pairs, where
word2phrase.c and Millrace multiply by the number of words in the text. So thresholds and scores are scaled by the ratio.
The second pass joins with "+", because gensim would take the joined word "a_b" for the pair of "a" and "b".
"""

import json
import pathlib
import random
import sys

import gensim
from gensim.models.phrases import Phrases

folder = pathlib.Path(__file__).parent.parent / "test" / "golden"
CASES = [(5, [20.0]), (2, [60.0, 15.0]), (1, [12.0, 6.0, 3.0])]

NAMES = "old mill|water wheel|mill race|market day|bread oven|stone bridge|harvest moon|night watch".split("|")
LONG = ["the old water mill", "market day in spring", "stone bridge over the river", "first light of the day"]
NOUNS = "miller baker river farmer wagon horse child garden field winter flour grain song fire".split()
VERBS = "sees crosses follows remembers repairs leaves watches paints finds".split()
SMALL = "the a his her this every near under behind before after with without".split()


def make_text():
    draw = random.Random(5)
    lines = []
    for _ in range(500):
        words = []
        for _ in range(draw.randrange(4)):
            words += [draw.choice(SMALL), draw.choice(NOUNS), draw.choice(VERBS)]
            if draw.random() < 0.5:
                words += [draw.choice(SMALL), draw.choice(NAMES)]
            if draw.random() < 0.2:
                words.append(draw.choice(LONG))
        lines.append(" ".join(words))
    (folder / "phrases.txt").write_text("\n".join(lines) + "\n")


def one_pass(lines, min_count, threshold, delimiter):
    model = Phrases(lines, min_count=min_count, threshold=1e9, delimiter=delimiter)
    scale = sum(len(line) for line in lines) / len(model.vocab)
    model.threshold = threshold / scale
    found = [[phrase, model.vocab[phrase], score * scale] for phrase, score in model.export_phrases().items()]
    return found, [[word.replace("+", "_") for word in model[line]] for line in lines]


def run(lines, min_count, thresholds):
    phrases = []
    for number, threshold in enumerate(thresholds):
        found, lines = one_pass(lines, min_count, threshold, "_+"[number > 0])
        phrases += [[phrase.replace("+", "_"), count, score] for phrase, count, score in found]
    return {
        "minCount": min_count,
        "thresholds": thresholds,
        "phrases": sorted(phrases, key=lambda row: (-row[2], row[0])),
        "text": "".join(" ".join(line) + "\n" for line in lines),
    }


def main():
    if "--text" in sys.argv:
        make_text()
    lines = [line.split() for line in (folder / "phrases.txt").read_text().splitlines()]
    golden = {
        "gensim": gensim.__version__,
        "cases": [run(lines, min_count, thresholds) for min_count, thresholds in CASES],
    }
    (folder / "phrases.json").write_text(json.dumps(golden) + "\n")


main()
