"""Scores vectors on analogies with gensim: one line of JSON with the seconds, without loading, and each answer's mark.

    python3 bench/evaluate-gensim.py VECTORS.bin QUESTIONS.txt add|mul
"""

import json
import sys
import time

import gensim
from gensim.models import KeyedVectors


class ByRatio(KeyedVectors):
    def most_similar(self, positive, negative, topn, restrict_vocab):
        return self.most_similar_cosmul(positive=positive, negative=negative, topn=topn)


vectors_file, questions_file, method = sys.argv[1:]
kind = ByRatio if method == "mul" else KeyedVectors
vectors = kind.load_word2vec_format(vectors_file, binary=True)
began = time.perf_counter()
_, sections = vectors.evaluate_word_analogies(questions_file, restrict_vocab=len(vectors))
seconds = time.perf_counter() - began
right = {question for s in sections[:-1] for question in s["correct"]}
wrong = {question for s in sections[:-1] for question in s["incorrect"]}
with open(questions_file, encoding="utf8") as file:
    questions = [tuple(line.upper().split()) for line in file if not line.startswith(":")]
marks = "".join("1" if q in right else "0" if q in wrong else "-" for q in questions)
print(json.dumps({"seconds": seconds, "marks": marks, "gensim": gensim.__version__}))
