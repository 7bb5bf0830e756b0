import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { KeyedVectors, WordTable } from 'millrace/vectors'
import { expect, test } from 'vitest'
import { CheckpointStore } from '../checkpoint/index.ts'
import { type RunFile, RunFolder, type TrainResult } from '../run/index.ts'
import { scoreCompletion } from './completion.ts'
import { findAnswers, readSentences } from './completion-file.ts'
import { evaluate } from './evaluate.ts'
import { evaluateRun } from './evaluate-run.ts'

const base = mkdtempSync(join(tmpdir(), 'millrace-'))
const file = (name: string, text: string) => {
  writeFileSync(join(base, name), text)
  return join(base, name)
}

/** A run of negative sampling over words of two kinds; a word predicts its own kind. */
async function madeRun(config: object = {}): Promise<RunFolder> {
  const folder = new RunFolder(mkdtempSync(join(base, 'run-')))
  const words = { sea: 1, ship: 1, sail: 1, bread: -1, oven: -1, bake: -1 }
  folder.write({
    format: 1,
    name: 'run',
    status: 'complete',
    config: { model: 'skipgram', loss: 'ns', cbowInput: 'mean', tokenizer: 'words', ...config },
    result: { words: 9 } as TrainResult,
  } as unknown as RunFile)
  // Behind the words that were trained stands one that only the vectors have.
  const lines = [...Object.keys(words), 'foreign'].map((word, i) => `${word}\t${9 - i}\n`)
  writeFileSync(folder.vocabulary, lines.join(''))
  const input = Float32Array.from(Object.values(words).flatMap((kind) => [kind, 0.5]))
  const output = Float32Array.from(Object.values(words).flatMap((kind) => [2 * kind, 0]))
  const tensor = (values: Float32Array) => {
    return { dtype: 'F32' as const, shape: [6, 2], bytes: new Uint8Array(values.buffer) }
  }
  await new CheckpointStore(folder.checkpoints).write({}, { input: tensor(input), output: tensor(output) })
  const vectors = KeyedVectors.from({ words: WordTable.from(Object.keys(words)), dim: 2, matrix: input })
  vectors.save(folder.vectors, 'safetensors')
  return folder
}

const header = 'id,question,a),b),c)\n'
const sentences = file(
  'sentences.csv',
  `\uFEFF${header}` +
    // 1 and 2 plain · 3: the right one is not known · 4: of two words, one not known · 5, 6: nothing known
    '1,"The Ship, the _____ and the sail .",bread,sea,oven\r\n' +
    '2,Bread from the _____ .,oven,sea,ship\r\n' +
    '3,A _____ ship.,bread,sea,boat\n' +
    '4,Bake _____ .,"oven, foreign",sail-ship,"bread, oven"\n' +
    '5,He _____ ship.,none,of,them\n' +
    '6,Nothing _____ here.,sea,oven,bread\n',
)
const answers = file('sentences-answers.csv', 'id,answer\n1,b\n2,a\n3,c\n4,c\n5,a\n6,a\n')

test('the option that predicts the words around it best is chosen', async () => {
  const scores = await scoreCompletion(await madeRun(), sentences, answers)
  expect(scores).toMatchObject({
    questions: 6,
    skipped: 2,
    correct: 3,
    accuracy: 0.75,
    predicted: 'skipgram-ns',
  })
  // As it is, `Ship,` is another word; so is `ship.`.
  expect(await scoreCompletion(await madeRun({ tokenizer: 'whitespace' }), sentences, answers)).toMatchObject(
    {
      skipped: 5,
      correct: 1,
    },
  )
  for (const config of [{ loss: 'nce' }, { model: 'cbow' }])
    expect(await scoreCompletion(await madeRun(config), sentences, answers)).toMatchObject({ correct: 3 })
  expect(await scoreCompletion(await madeRun({ loss: 'hs' }), sentences, answers)).toMatchObject({
    questions: 6,
  })
})

test('a run is scored with its own checkpoint, once; other answers are other questions', async () => {
  const folder = await madeRun()
  const first = await evaluateRun(folder, { completion: [sentences] })
  expect(first.completion).toMatchObject([{ name: 'sentences', file: 'sentences.csv', correct: 3 }])
  rmSync(folder.checkpoints, { recursive: true })
  expect(await evaluateRun(folder, { completion: [{ file: sentences, answers }] })).toEqual(first)
  const other = file('other.txt', 'id,answer\n1,a\n2,a\n3,c\n4,c\n5,a\n6,a\n')
  await expect(evaluateRun(folder, { completion: [{ file: sentences, answers: other }] })).rejects.toThrow(
    'has no sound checkpoint\n  why: there is none',
  )
  const vectors = KeyedVectors.load(folder.path)
  expect(() => evaluate(vectors, { completion: [sentences] })).toThrow('cannot be scored with vectors alone')
})

test('mistakes in the files are told with their line', () => {
  const read =
    (text: string, answers = 'id,answer\n1,a\n') =>
    () =>
      readSentences(file('faulty.csv', text), file('faulty-answers.csv', answers))
  expect(read(`${header}1,no gap,a,b,c\n`)).toThrow(
    'faulty.csv line 2 is not a question: "1,no gap"\n  why: 0 words',
  )
  expect(read(`${header}\n1,a ___ b,x,y\n`)).toThrow(
    'line 3 is not a question: "1,a ___ b,x,y"\n  why: it has 4 fields, not 5',
  )
  expect(read(`${header}2,a ___ b,x,y,z\n`)).toThrow('has no answer to it')
  expect(read(`${header}1,a ___ b,x,y,z\n`, 'id,answer\n1,e\n')).toThrow('its answer e is none of a, b, c')
  expect(read(header)).toThrow('no line follows the header')
  expect(read('just text\n')).toThrow('it has 1 fields, not 4 or more')
})

test('answers are found beside the sentences, if there is one file of them', () => {
  expect(findAnswers('x.csv', 'y.csv')).toBe('y.csv')
  const folder = mkdtempSync(join(base, 'beside-'))
  const at = (name: string) => join(folder, name)
  writeFileSync(at('s.csv'), '')
  expect(() => findAnswers(at('s.csv'))).toThrow('there is no file *answer*.csv beside it')
  writeFileSync(at('test_answer.csv'), '')
  expect(findAnswers(at('s.csv'))).toBe(at('test_answer.csv'))
  writeFileSync(at('answers.csv'), '')
  expect(() => findAnswers(at('s.csv'))).toThrow(
    'several files *answer* beside it: answers.csv, test_answer.csv',
  )
})

const data = process.env.MILLRACE_DATA
test.skipIf(!data)(`the challenge is read whole${data ? '' : ': skipped, MILLRACE_DATA is not set'}`, () => {
  const path = join(data!, 'completion/msr-scc-testing_data.csv')
  const sentences = readSentences(path, findAnswers(path))
  expect(sentences).toHaveLength(1040)
  expect(sentences.every(({ options }) => options.length === 5)).toBe(true)
  expect([0, 1, 2, 3, 4].map((place) => sentences.filter(({ answer }) => answer === place).length)).toEqual([
    207, 203, 201, 225, 204,
  ])
  expect(sentences[1]).toMatchObject({
    options: expect.arrayContaining(['daintily']),
    after: ' in every nook and corner.',
  })
})
