import { globSync, mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { scorePairs } from './similarity.ts'

const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const file = (name: string, content: string) => {
  const path = join(folder, name)
  writeFileSync(path, content)
  return path
}
const vectors = KeyedVectors.from({
  words: WordTable.from(['Car', 'van', 'cup', '왕']),
  dim: 2,
  matrix: Float32Array.of(1, 0, 1, 0.2, 0, 1, -1, 0),
})

const shapes: [string, string][] = [
  ['tabs', 'car\tvan\t9\nvan\tcup\t2\ncar\t왕\t1\nx\ty\t3\n'],
  ['spaces', 'car van 9.0\nvan  cup 2\ncar 왕 1\nx y 3'],
  ['CRLF', 'car\tvan\t9\r\nvan\tcup\t2\r\ncar\t왕\t1\r\nx\ty\t3\r\n'],
  ['comments', '# A set\n# Word 1\tWord 2\tHuman (mean)\ncar\tvan\t9\nvan\tcup\t2\ncar\t왕\t1\nx\ty\t3\n'],
  [
    "SimLex-999's ten columns",
    'word1\tword2\tPOS\tSimLex999\tconc(w1)\ncar\tvan\tN\t9\t1\nvan\tcup\tN\t2\t7\ncar\t왕\tN\t1\t3\nx\ty\tV\t3\t2\n',
  ],
  [
    "WordSim-353's judges",
    'Word 1,Word 2,Human (mean),1,2\r\ncar,van,9,1,2\r\nvan,cup,2,1,1\r\ncar,왕,1,3,4\r\nx,y,3,1,1\r\n',
  ],
  ["MEN's lemma form", 'car-n van-n 9\nvan-n cup-v 2\ncar-n 왕-j 1\nx-n y-n 3\n'],
  ['BOM, CSV, header', '\uFEFFword 1,word 2,score\ncar,van,9\nvan,cup,2\n"car","왕",1\nx,y,3\n'],
]
for (const [name, text] of shapes)
  test(`pairs with ${name} are read`, () => {
    const scores = scorePairs(vectors, file('pairs', text))
    expect(scores).toMatchObject({ pairs: 4, skipped: 1, spearman: { value: 1, p: 0 } })
    expect(scores.pearson.value).toBeCloseTo(0.863783, 5)
  })

test('malformed files are told with their line', () => {
  expect(() => scorePairs(vectors, file('words', 'car van 9\ncar van much\n'))).toThrow(
    'line 2 is not a question: "car van much"\n  why: its third field is not a number',
  )
  expect(() => scorePairs(vectors, file('fields', 'car van\n'))).toThrow('line 1 is not a question')
  expect(() => scorePairs(vectors, file('four', 'car van 9\ncar van 9 9\n'))).toThrow(
    'it has 4 fields, not 3',
  )
  expect(() => scorePairs(vectors, file('ten', 'a\tb\tPOS\tSimLex999\ncar\tvan\tN\tmuch\n'))).toThrow(
    'its fourth field is not a number',
  )
  expect(() => scorePairs(vectors, file('names', 'a\tb\tPOS\tnumber\ncar\tvan\tN\t1\n'))).toThrow(
    'it has 4 fields, not 3',
  )
  expect(() => scorePairs(vectors, file('header', 'a b score\n'))).toThrow('no line of the file is a pair')
  expect(scorePairs(vectors, file('tagged', 'car-n van-n 9\ncup van-n 9\n'))).toMatchObject({ skipped: 2 })
  expect(() => scorePairs(vectors, file('inf', 'car van inf\ncar van inf\n'))).toThrow('line 2')
})

const data = process.env.MILLRACE_DATA
test.skipIf(!data)(
  `the known sets are read whole${data ? '' : ': skipped, MILLRACE_DATA is not set'}`,
  () => {
    const sizes = globSync(join(data!, 'similarity/**/*.*')).map((path) => {
      return `${basename(path)} ${scorePairs(vectors, path).pairs}`
    })
    expect(sizes.sort()).toEqual([
      'EN-MC-30.txt 30',
      'EN-MEN-TR-3k.txt 3000',
      'EN-RG-65.txt 65',
      'EN-SIMLEX-999.txt 999',
      'EN-VERB-143.txt 144',
      'EN-WS-353-ALL.txt 353',
      'EN-WS-353-REL.txt 252',
      'EN-WS-353-SIM.txt 203',
      'EN-YP-130.txt 130',
      'gensim-simlex999.txt 999',
      'gensim-wordsim353.tsv 353',
      'ko-WS353-park2018.csv 353',
      'ngram2vec-bruni_men.txt 3000',
      'ngram2vec-sim999.txt 999',
      'ngram2vec-ws353.txt 353',
      'ngram2vec-ws353_relatedness.txt 252',
      'ngram2vec-ws353_similarity.txt 203',
    ])
  },
)
