// Counts a text's words, saving after each block, and tells what is safe. For tests that kill it.
import { createHash } from 'node:crypto'
import { planCounting } from '../../src/corpus/count-plan.ts'
import { countCorpus, findCorpusFiles } from '../../src/corpus/index.ts'

const [text, scratch] = process.argv.slice(2) as [string, string]
const files = findCorpusFiles([text])
const { vocabulary, audits, distinctWords } = await countCorpus(files, {
  tokenizer: 'whitespace',
  minCount: 3,
  threads: 2,
  memory: planCounting(files[0]!.bytes, 2).least,
  scratch,
  saveEveryMs: 0,
  onSaved: (blocks) => console.log(`saved ${blocks}`),
})
const hash = createHash('sha256')
for (const array of [vocabulary.counts, vocabulary.arena, audits.records, audits.hashes])
  hash.update(new Uint8Array(array.buffer, array.byteOffset, array.byteLength))
console.log(`counted ${distinctWords} ${hash.digest('hex')}`)
