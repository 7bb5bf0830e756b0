"""Writes test/golden/gensim-evaluate.json: what gensim makes of the vectors and questions in test/golden/gensim.

    python3 scripts/golden-gensim.py             # needs gensim (Debian: python3-gensim)
    python3 scripts/golden-gensim.py --vectors   # makes vectors.txt anew as well, then the golden file

The vectors are synthetic: a direction for each field, one for each relation, and noise. Some words are there
in several cases, and one vector is twice as long as it should be.
"""

import json
import pathlib
import sys

import gensim
import numpy as np
from gensim.models import KeyedVectors

folder = pathlib.Path(__file__).parent.parent / "test" / "golden" / "gensim"
DIM = 12
RESTRICT = 60


def make_vectors():
    random = np.random.RandomState(11)
    direction = lambda: random.normal(size=DIM)
    relations = {name: direction() for name in ["female", "plural", "capital", "past", "comparative"]}
    pairs = {
        "female": "king queen man woman boy girl uncle aunt actor actress",
        "plural": "dog dogs cat cats car cars tree trees house houses",
        "capital": "France Paris Italy Rome Japan Tokyo Norway Oslo Korea Seoul",
        "past": "go went see saw take took give gave sing sang",
        "comparative": "big bigger small smaller old older new newer warm warmer",
    }
    words = {}
    for relation, text in pairs.items():
        field = direction()
        for base, derived in zip(text.split()[0::2], text.split()[1::2]):
            vector = 1.2 * field + direction()
            words[base] = vector + 0.8 * direction()
            words[derived] = vector + relations[relation] + 0.8 * direction()
    # Other cases of words, near to them, some before and some after: the first in the file counts.
    for word, case in [("king", "King"), ("king", "KING"), ("queen", "Queen"), ("Paris", "paris"), ("dog", "Dog")]:
        words[case] = words[word] + 0.05 * direction()
    words["straße"] = direction()
    words["STRASSE"] = direction()
    words["cat"] = words["cat"] * 2
    for i in range(20):
        words[f"filler{i}"] = direction()
    order = list(words)
    random.shuffle(order)
    lines = [f"{len(order)} {DIM}"]
    lines += [" ".join([word] + [f"{x:.5f}" for x in words[word]]) for word in order]
    (folder / "vectors.txt").write_text("\n".join(lines) + "\n", encoding="utf8")


def main():
    if "--vectors" in sys.argv:
        make_vectors()
    vectors = KeyedVectors.load_word2vec_format(str(folder / "vectors.txt"))
    golden = {"gensim": gensim.__version__, "analogies": {}, "pairs": {}, "odd": [], "near": {}, "analogy": {}}
    for restrict in [RESTRICT, len(vectors)]:
        _, sections = vectors.evaluate_word_analogies(str(folder / "analogies.txt"), restrict_vocab=restrict)
        golden["analogies"][restrict] = {
            s["section"]: {"correct": len(s["correct"]), "incorrect": len(s["incorrect"])} for s in sections
        }
    for name in ["pairs.tsv", "ties.tsv"]:
        pearson, spearman, oov = vectors.evaluate_word_pairs(str(folder / name))
        golden["pairs"][name] = {"pearson": list(pearson), "spearman": list(spearman), "oov": oov}
    for line in (folder / "odd.txt").read_text(encoding="utf8").splitlines():
        golden["odd"].append(vectors.doesnt_match(line.split()))
    for word in ["king", "Paris", "cat", "filler3"]:
        golden["near"][word] = vectors.most_similar(word, topn=10)
    golden["near"]["king queen woman"] = vectors.most_similar(["king", "queen", "woman"], topn=10)
    for a, b, c in [("man", "king", "woman"), ("France", "Paris", "Japan"), ("go", "went", "see")]:
        golden["analogy"][f"{a} {b} {c}"] = vectors.most_similar(positive=[b, c], negative=[a], topn=10)
    path = folder.parent / "gensim-evaluate.json"
    path.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


main()
