// Analogies by Millrace and by gensim in turn, on the same vectors: the same answers, and the time of each.
//
//   npm run bench:evaluate -- [--method add|mul] [--rounds 3] [--words 30000] [--dim 300] [--questions FILE]
//                             [--python /usr/bin/python3]
import { mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { note, print, table } from '../src/cli/output.ts'
import { assert } from '../src/core/errors.ts'
import { Random } from '../src/core/random.ts'
import { markQuestions } from '../src/evaluate/analogy.ts'
import { type Question, readQuestions } from '../src/evaluate/analogy-file.ts'
import { KeyedVectors, WordTable } from '../src/vectors/index.ts'
import { dataFolder } from './corpus.ts'
import { describeCommit, describeMachine } from './machine.ts'
import { spreadOf } from './measure.ts'
import { lastJson, run } from './process.ts'

interface Round {
  seconds: number
  /** Of each question: 1 right, 0 wrong, - not asked. */
  marks: string
}

const { values: options } = parseArgs({
  options: {
    method: { type: 'string', default: 'add' },
    rounds: { type: 'string', default: '3' },
    words: { type: 'string', default: '30000' },
    dim: { type: 'string', default: '300' },
    questions: { type: 'string', default: join(dataFolder(), 'analogy/questions-words.txt') },
    python: { type: 'string', default: '/usr/bin/python3' },
    work: { type: 'string', default: join(import.meta.dirname, 'work') },
  },
})
const [wordCount, dim] = [Number(options.words), Number(options.dim)]
const method = options.method === 'mul' ? 'mul' : 'add'
const questions = readQuestions(options.questions)
mkdirSync(options.work, { recursive: true })
const file = join(options.work, 'evaluate.bin')
makeVectors(questions).save(file, 'binary')

const gensim = [
  options.python,
  join(import.meta.dirname, 'evaluate-gensim.py'),
  file,
  options.questions,
  method,
]
const rounds: { millrace: Round; gensim: Round & { gensim: string } }[] = []
for (let round = 1; round <= Number(options.rounds); round++) {
  const pair = { gensim: lastJson(await run(gensim)) as Round & { gensim: string }, millrace: scoreOnce() }
  assert(pair.gensim.marks === pair.millrace.marks, 'Millrace and gensim answer alike')
  rounds.push(pair)
  note(
    `round ${round}: gensim ${pair.gensim.seconds.toFixed(2)} s, millrace ${pair.millrace.seconds.toFixed(3)} s`,
  )
}

const { cpu, cores, os, node } = describeMachine()
const right = rounds[0]!.millrace.marks.split('1').length - 1
print(
  `${cpu}, ${cores} cores; ${os}; Node ${node}; gensim ${rounds[0]!.gensim.gensim}; commit ${describeCommit() ?? 'unknown'}
${questions.length} questions by ${method} over ${wordCount} words × ${dim}, loading left out: ${right} right, the same by both
`,
)
const row = (name: string, values: number[], digits: number) => {
  const { median, min, max } = spreadOf(values)
  return [name, ...[median, min, max].map((value) => value.toFixed(digits))]
}
print(
  table([
    ['', 'median', 'least', 'most'],
    row(
      'gensim, seconds',
      rounds.map(({ gensim }) => gensim.seconds),
      2,
    ),
    row(
      'millrace, seconds',
      rounds.map(({ millrace }) => millrace.seconds),
      3,
    ),
    row(
      'times as fast',
      rounds.map(({ gensim, millrace }) => gensim.seconds / millrace.seconds),
      1,
    ),
  ]),
)

/** From the file of vectors each time: nothing is warm from the round before. */
function scoreOnce(): Round {
  const vectors = KeyedVectors.load(file)
  const began = performance.now()
  const asked = readQuestions(options.questions)
  const marks = markQuestions(vectors, asked, method, wordCount)
  const seconds = (performance.now() - began) / 1000
  return { seconds, marks: marks.map((mark) => (mark === null ? '-' : Number(mark))).join('') }
}

/**
 * Vectors of all words of the questions and of filler, in some order: a direction for each section and each of its
 * relations, and noise, so that some answers are right and some wrong.
 */
function makeVectors(questions: Question[]): KeyedVectors {
  const random = new Random(7n)
  const noise = () => Float32Array.from({ length: dim }, () => random.below(2001) / 1000 - 1)
  const sum = (...parts: Float32Array[]) =>
    parts[0]!.map((x, d) => parts.reduce((all, part) => all + part[d]!, x * 0))
  const vectors = new Map<string, Float32Array>()
  const directions = new Map<string, { field: Float32Array; relation: Float32Array }>()
  for (const { section, words } of questions) {
    const { field, relation } = directions.get(section) ?? { field: noise(), relation: noise() }
    directions.set(section, { field, relation })
    for (const [from, to] of [words.slice(0, 2), words.slice(2)] as [string, string][]) {
      if (!vectors.has(from)) vectors.set(from, sum(field, noise(), noise()))
      if (!vectors.has(to)) vectors.set(to, sum(vectors.get(from)!, relation, noise()))
    }
  }
  const names = [...vectors.keys()]
  for (let i = 0; names.length < wordCount; i++) names.push(`filler${i}`)
  for (let i = names.length - 1; i > 0; i--) {
    const other = random.below(i + 1)
    ;[names[i], names[other]] = [names[other]!, names[i]!]
  }
  const matrix = new Float32Array(wordCount * dim)
  for (const [i, name] of names.entries()) matrix.set(vectors.get(name) ?? noise(), i * dim)
  return KeyedVectors.from({ words: WordTable.from(names), dim, matrix })
}
