import { mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { findPhrases } from 'millrace/corpus'
import { expect, test } from 'vitest'

// What gensim's Phrases finds in the same text, its scores scaled from the size of its table to the number of words:
// see scripts/golden-phrases.py.

interface Golden {
  cases: {
    minCount: number
    thresholds: number[]
    phrases: [phrase: string, count: number, score: number][]
    text: string
  }[]
}

const golden: Golden = JSON.parse(readFileSync(join(import.meta.dirname, 'phrases.json'), 'utf8'))

for (const { minCount, thresholds, phrases, text } of golden.cases)
  test(`phrases above ${thresholds.join(', ')} as in gensim, and the text with them joined`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
    const [out, list] = [join(folder, 'out.txt'), join(folder, 'list.tsv')]
    const corpus = [join(import.meta.dirname, 'phrases.txt')]
    await findPhrases({
      corpus,
      out,
      list,
      minCount,
      thresholds,
      tokenizer: 'whitespace',
      memoryBytes: 2 ** 20,
    })
    const found = readFileSync(list, 'utf8').trimEnd().split('\n').map(parseLine)
    expect(found.map(({ score }) => score)).toEqual(
      found.map(({ score }) => score).sort((a, b) => b - a),
    )
    expect(found.sort(byName)).toEqual(
      phrases
        .map(([phrase, count, score]) => ({ phrase, count, score: Number(score.toPrecision(6)) }))
        .sort(byName),
    )
    expect(readFileSync(out, 'utf8')).toBe(text)
  })

interface Row {
  phrase: string
  count: number
  score: number
}

function parseLine(line: string): Row {
  const [phrase, count, score] = line.split('\t')
  return { phrase: phrase!, count: Number(count), score: Number(score) }
}

/** The same name may be found twice: "a_b" with "c", and "a" with "b_c". */
function byName(a: Row, b: Row): number {
  return a.phrase < b.phrase ? -1 : a.phrase > b.phrase ? 1 : a.count - b.count || a.score - b.score
}
