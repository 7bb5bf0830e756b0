"""Trains one model with gensim from a corpus file and prints one line of JSON: times, words, memory.

    python3 gensim-train.py '{"corpus": "lines.txt", "vectors": "out.bin", "model": "skipgram", "loss": "ns", "dim": 100,
                              "lr": 0.025, "window": 5, "negative": 5, "sample": 1e-4, "minCount": 5, "epochs": 1,
                              "threads": 2, "seed": 1}'
"""

import json
import re
import sys
import time

from gensim.models import Word2Vec

job = json.loads(sys.argv[1])
corpus = job["corpus"]
model = Word2Vec(
    sg=1 if job["model"] == "skipgram" else 0,
    hs=1 if job["loss"] == "hs" else 0,
    # The mean, and its gradient undivided: word2vec.c's.
    cbow_mean=1,
    alpha=job["lr"],
    vector_size=job["dim"],
    window=job["window"],
    negative=job["negative"],
    sample=job["sample"],
    min_count=job["minCount"],
    workers=job["threads"],
    seed=job["seed"],
)

# build_vocab() counts, makes the tree of hs, and fills the weights with random numbers: only the counting is the
# vocabulary.
other_seconds = 0.0


def time_apart(name):
    method = getattr(model, name)

    def timed(*args, **kwargs):
        global other_seconds
        began = time.perf_counter()
        method(*args, **kwargs)
        other_seconds += time.perf_counter() - began

    setattr(model, name, timed)


time_apart("prepare_weights")
time_apart("create_binary_tree")
began = time.perf_counter()
model.build_vocab(corpus_file=corpus)
vocabulary_seconds = time.perf_counter() - began - other_seconds
del model.prepare_weights, model.create_binary_tree

began = time.perf_counter()
_, words_read = model.train(corpus_file=corpus, total_words=model.corpus_total_words, epochs=job["epochs"])
train_seconds = time.perf_counter() - began

# Not resource.getrusage: its maximum begins with the memory of the process that forked this one.
with open("/proc/self/status") as status:
    peak_bytes = 1024 * int(re.search(r"VmHWM:\s*(\d+) kB", status.read()).group(1))

model.wv.save_word2vec_format(job["vectors"], binary=True)
words = sum(int(model.wv.get_vecattr(word, "count")) for word in model.wv.index_to_key)
print(
    json.dumps(
        {
            "vocabularySeconds": vocabulary_seconds,
            "trainSeconds": train_seconds,
            "vocabulary": len(model.wv),
            "words": words * job["epochs"],
            # What training really read, of so many words: corpus_file can pass over text without a word.
            "wordsRead": words_read,
            "corpusWords": model.corpus_total_words * job["epochs"],
            "peakBytes": peak_bytes,
        }
    )
)
