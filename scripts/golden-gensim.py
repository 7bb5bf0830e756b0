"""Writes test/golden/gensim-evaluate.json: what gensim makes of the vectors and questions in test/golden/gensim.

    python3 scripts/golden-gensim.py             # needs gensim (Debian: python3-gensim)
    python3 scripts/golden-gensim.py --vectors   # makes vectors.txt anew as well, then the golden file

`--vectors` also makes phrases.txt, vectors of phrases and of Korean words, and questions about them.

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


def make_phrases():
    """Vectors of phrases and Korean words; questions in the shape of questions-phrases.txt and of the Korean set."""
    random = np.random.RandomState(5)
    direction = lambda: random.normal(size=DIM)
    sections = {
        "phrases": {
            "newspapers": "Boston Boston_Globe Chicago Chicago_Tribune Dallas Dallas_Morning_News Denver Denver_Post",
            "airlines": "Spain Spainair Germany Lufthansa Finland Finnair Belgium SN_Brussels",
        },
        "korean": {
            "sem1_capital-countries": "아테네 그리스 방콕 태국 베를린 독일 파리 프랑스 오슬로 노르웨이",
            "syn1_case": "학교 학교에서 집 집에서 바다 바다에서 강 강에서",
        },
    }
    words = {}
    for file, parts in sections.items():
        lines = []
        for name, text in parts.items():
            pairs = list(zip(text.split()[0::2], text.split()[1::2]))
            field, relation = direction(), direction()
            for base, derived in pairs:
                vector = field + direction()
                words[base] = vector + 0.7 * direction()
                words[derived] = vector + relation + 0.7 * direction()
            lines.append(f": {name}")
            lines += [f"{a} {b} {c} {d}" for a, b in pairs for c, d in pairs if a != c]
            lines.append(f"{pairs[0][0]} {pairs[0][1]} {pairs[1][0]} Unknown_{len(lines)}")
        (folder / f"analogies-{file}.txt").write_text("\n".join(lines) + "\n", encoding="utf8")
    words["boston_globe"] = words["Boston_Globe"] + 0.05 * direction()
    order = list(words)
    random.shuffle(order)
    lines = [f"{len(order)} {DIM}"]
    lines += [" ".join([word] + [f"{x:.5f}" for x in words[word]]) for word in order]
    (folder / "phrases.txt").write_text("\n".join(lines) + "\n", encoding="utf8")
    korean = [word for word in order if ord(word[0]) > 0xAC00]
    lines = ["# 낱말 짝"]
    lines += [f"{a}\t{b}\t{random.randint(0, 100) / 10}" for a, b in zip(korean, korean[3:])]
    lines += ["집\t없는말\t5.0", "Boston\tDENVER\t7.5"]
    (folder / "pairs-korean.tsv").write_text("\n".join(lines) + "\n", encoding="utf8")


class ByRatio(KeyedVectors):
    """Answers analogies by 3CosMul. The search knows no `restrict_vocab`: load that many words instead."""

    def most_similar(self, positive, negative, topn, restrict_vocab):
        return self.most_similar_cosmul(positive=positive, negative=negative, topn=topn)


def load(kind, name, limit=None):
    return kind.load_word2vec_format(str(folder / name), limit=limit)


def marks(sections, file):
    """Of each question of a file in turn: 1 right, 0 wrong, - not asked."""
    right = {question for s in sections[:-1] for question in s["correct"]}
    wrong = {question for s in sections[:-1] for question in s["incorrect"]}
    lines = (folder / file).read_text(encoding="utf8").splitlines()
    questions = [tuple(line.upper().split()) for line in lines if line and not line.startswith(":")]
    return "".join("1" if q in right else "0" if q in wrong else "-" for q in questions)


def main():
    if "--vectors" in sys.argv:
        make_vectors()
        make_phrases()
    vectors = load(KeyedVectors, "vectors.txt")
    golden = {"gensim": gensim.__version__, "analogies": [], "pairs": {}, "odd": [], "near": {}, "analogy": {}, "mul": {}}
    for name, file in [
        ("vectors.txt", "analogies.txt"),
        ("phrases.txt", "analogies-phrases.txt"),
        ("phrases.txt", "analogies-korean.txt"),
    ]:
        for restrict in [RESTRICT if name == "vectors.txt" else 30, 1000]:
            for method, kind in [("add", KeyedVectors), ("mul", ByRatio)]:
                asked = load(kind, name, None if method == "add" else restrict)
                _, sections = asked.evaluate_word_analogies(str(folder / file), restrict_vocab=restrict)
                counts = {s["section"]: [len(s["correct"]), len(s["incorrect"])] for s in sections}
                case = {"vectors": name, "file": file, "restrict": restrict, "method": method}
                golden["analogies"].append({**case, "sections": counts, "marks": marks(sections, file)})
    for name in ["pairs.tsv", "ties.tsv", "pairs-korean.tsv"]:
        asked = load(KeyedVectors, "phrases.txt") if name == "pairs-korean.tsv" else vectors
        pearson, spearman, oov = asked.evaluate_word_pairs(str(folder / name))
        golden["pairs"][name] = {"pearson": list(pearson), "spearman": list(spearman), "oov": oov}
    for line in (folder / "odd.txt").read_text(encoding="utf8").splitlines():
        golden["odd"].append(vectors.doesnt_match(line.split()))
    for word in ["king", "Paris", "cat", "filler3"]:
        golden["near"][word] = vectors.most_similar(word, topn=10)
    golden["near"]["king queen woman"] = vectors.most_similar(["king", "queen", "woman"], topn=10)
    for a, b, c in [("man", "king", "woman"), ("France", "Paris", "Japan"), ("go", "went", "see")]:
        golden["analogy"][f"{a} {b} {c}"] = vectors.most_similar(positive=[b, c], negative=[a], topn=10)
        golden["mul"][f"{a} {b} {c}"] = vectors.most_similar_cosmul(positive=[b, c], negative=[a], topn=10)
    path = folder.parent / "gensim-evaluate.json"
    path.write_text(json.dumps(golden, indent=1, ensure_ascii=False) + "\n", encoding="utf8")


main()
