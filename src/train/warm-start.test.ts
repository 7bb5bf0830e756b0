import {
  copyFileSync,
  existsSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { beforeAll, expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { CheckpointStore } from '../checkpoint/index.ts'
import { StoppedError } from '../core/errors.ts'
import { deriveSeed, Random } from '../core/random.ts'
import { SafetensorsFile } from '../core/safetensors.ts'
import { RunFolder, readEvents } from '../run/index.ts'
import { KeyedVectors, type VectorFormat, WordTable } from '../vectors/index.ts'
import type { TrainRequest } from './request.ts'
import { runTraining } from './run-training.ts'

const dim = 6
const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
const corpus = join(folder, 'corpus.txt')
/** Two words of the text, two that are not in it, and one that is too rare there. */
const words = ['w0', 'elsewhere', 'w5', 'seldom', 'nowhere']
const matrix = Float32Array.from({ length: words.length * dim }, (_, i) => Math.sin(i + 1))
const given = { epochs: 2, threads: 1, sample: 1e-2, minCount: 2 }
/** Long enough that a stop comes before its end. */
const long = { ...given, epochs: 30 }
/** So small a rate that float32 does not see it: what a word began with is what it ends with. */
const still = { ...given, epochs: 1, lr: 1e-12 }

beforeAll(() => {
  writeFileSync(corpus, `${madeUpText(300_000, 4)}seldom is the word\n`)
  writeInit('init.bin', 'binary')
})

function writeInit(name: string, format: VectorFormat, counts: Float64Array | null = null): string {
  const path = join(folder, name)
  KeyedVectors.from({ words: WordTable.from(words), dim, matrix, counts }).save(path, format)
  return path
}

const newFolder = () => join(mkdtempSync(join(tmpdir(), 'millrace-')), 'run')
const run = (out: string, config: TrainRequest['config'], more: Partial<TrainRequest> = {}) =>
  runTraining({ corpus: [corpus], out, config, ...more })
const vectorsOf = (out: string) => readFileSync(new RunFolder(out).vectors)
const init = join(folder, 'init.bin')

async function runAndStop(out: string, blocks: number, config: TrainRequest['config']): Promise<void> {
  const controller = new AbortController()
  let done = 0
  const observer = { trained: () => void (++done === blocks && controller.abort()) }
  const stopped = run(out, config, { observer, signal: controller.signal })
  await expect(stopped).rejects.toBeInstanceOf(StoppedError)
}

/** A row of the newest checkpoint. */
function parameters(out: string, name: string, row: number): number[] {
  const file = new CheckpointStore(new RunFolder(out).checkpoints).newest()!.tensors()
  const width = file.tensors.get(name)!.shape[1]!
  const numbers = new Float32Array(file.read(name).buffer, row * width * 4, width)
  file.close()
  return [...numbers]
}

test.each(['binary', 'text', 'safetensors'] as const)(
  'training begins with vectors in the format %s, and keeps what the text has not',
  async (format) => {
    const out = newFolder()
    const counts = Float64Array.of(9, 8, 7, 6, 5)
    const path = writeInit(`begin.${format}`, format, format === 'safetensors' ? counts : null)
    const figures: unknown[] = []
    const observer = { warmStart: (told: unknown) => figures.push(told) }
    const { result } = await run(out, { ...still, init: path }, { observer })
    const vectors = KeyedVectors.load(out)
    for (const [i, word] of words.entries())
      expect(vectors.vector(word)).toEqual(matrix.slice(i * dim, (i + 1) * dim))
    expect(vectors.length).toBe(result.vocabulary)
    expect(figures).toEqual([{ path, words: 5, inText: 2, kept: 3 }])
    expect(readEvents(new RunFolder(out).events)).toContainEqual(
      expect.objectContaining({ type: 'init', path, words: 5, inText: 2, kept: 3 }),
    )
    // The text's words come first, by their count in it; the kept ones follow with theirs.
    const kept = ['elsewhere', 'seldom', 'nowhere']
    const first = vectors.length - kept.length
    expect(kept.map((_, i) => vectors.word(first + i))).toEqual(kept)
    expect([...vectors.counts!.subarray(first)]).toEqual(format === 'safetensors' ? [8, 6, 5] : [0, 0, 0])
    expect(vectors.counts![vectors.indexOf('w0')]).toBeGreaterThan(100)
    const recorded = readFileSync(new RunFolder(out).vocabulary, 'utf8').trimEnd().split('\n')
    expect(recorded).toHaveLength(vectors.length)
    expect(recorded.at(-1)).toBe(`nowhere\t${format === 'safetensors' ? 5 : 0}`)
    // New words begin as usual.
    const other = vectors.vector('w7')
    expect(Math.max(...other.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(3 / (4 * dim)))
    expect(Math.max(...other.map(Math.abs))).toBeGreaterThan(0)
  },
)

test('words that are kept are neither trained nor drawn, and words that are in the text are trained', async () => {
  const out = newFolder()
  await run(out, { ...given, init })
  const vectors = KeyedVectors.load(out)
  for (const [i, word] of words.entries()) {
    const began = matrix.slice(i * dim, (i + 1) * dim)
    if (word.startsWith('w')) expect(vectors.vector(word)).not.toEqual(began)
    else expect(vectors.vector(word)).toEqual(began)
  }
  // Whatever is drawn is a row of the model, and it has none for them.
  const file = new CheckpointStore(new RunFolder(out).checkpoints).newest()!.tensors()
  expect(file.tensors.get('output')!.shape).toEqual([vectors.length - 3, dim])
  file.close()
})

test('a finished run gives its input and output vectors, and those that it kept', async () => {
  const [source, out] = [newFolder(), newFolder()]
  await run(source, { ...given, init })
  const { result } = await run(out, { ...still, init: source })
  const [before, after] = [KeyedVectors.load(source), KeyedVectors.load(out)]
  expect(result.vocabulary).toBe(before.length)
  expect(after.dim).toBe(dim)
  for (const word of [...words, 'w7', 'w9']) expect(after.vector(word)).toEqual(before.vector(word))
  for (const row of [0, 7, 100]) {
    const output = parameters(source, 'output', row)
    expect(output.some((value) => value !== 0)).toBe(true)
    expect(parameters(out, 'output', row)).toEqual(output)
  }
})

test('a text with other words takes over what is known of them, and learns the new ones', async () => {
  const [source, out] = [newFolder(), newFolder()]
  const other = join(folder, 'other.txt')
  writeFileSync(other, 'w0 novelty w5 novelty w0 w9\n'.repeat(2000))
  await run(source, { ...given, dim })
  await run(out, { ...still, sample: 0, init: source }, { corpus: [other] })
  const [before, after] = [KeyedVectors.load(source), KeyedVectors.load(out)]
  expect(after.length).toBe(before.length + 1)
  for (const word of ['w0', 'w5', 'w9', 'w77']) expect(after.vector(word)).toEqual(before.vector(word))
  const rowOf = (word: string) => [parameters(source, 'output', before.indexOf(word)), parameters(out, 'output', after.indexOf(word))] // biome-ignore format: one line
  const [was, is] = rowOf('w9')
  expect(is).toEqual(was)
  expect(after.vector('novelty').some((value) => value !== 0)).toBe(true)
})

test.each([
  { loss: 'ns' },
  { loss: 'hs', model: 'cbow' },
  { loss: 'nce', optimizer: 'adagrad' },
  { deterministic: true },
] as const)('frozen words stay bit for bit, and all else is trained: %o', async (variant) => {
  const out = newFolder()
  await runAndStop(out, 2, { ...long, ...variant, init, freeze: 'init' })
  await run(out, {})
  const vectors = KeyedVectors.load(out)
  for (const [i, word] of words.entries())
    expect(vectors.vector(word), word).toEqual(matrix.slice(i * dim, (i + 1) * dim))
  // As targets they are trained like others.
  if (variant.loss !== 'hs')
    expect(parameters(out, 'output', vectors.indexOf('w0')).some((value) => value !== 0)).toBe(true)
  expect(Math.max(...vectors.vector('w7').map(Math.abs))).toBeGreaterThan(Math.sqrt(3 / (4 * dim)))
  await expect(run(out, { freeze: 'none' })).rejects.toThrow('has freeze init; this asks for none')
})

test('freeze without anything to freeze is refused', async () => {
  await expect(run(newFolder(), { ...given, freeze: 'init' })).rejects.toThrow(
    'freeze init does nothing here',
  )
})

test('the state of adagrad is taken over with the vectors', async () => {
  const [source, out, anew] = [newFolder(), newFolder(), newFolder()]
  await run(source, { ...given, dim, optimizer: 'adagrad' })
  for (const name of ['inputSquares', 'outputSquares']) {
    const squares = parameters(source, name, 5)
    expect(squares.some((value) => value > 1e-3)).toBe(true)
    await run(out, { ...still, optimizer: 'adagrad', init: source })
    // They grow by what is learned anew.
    for (const [d, value] of parameters(out, name, 5).entries())
      expect(value).toBeGreaterThanOrEqual(squares[d]!)
  }
  // Vectors alone bring none.
  await run(anew, { ...still, optimizer: 'adagrad', init: new RunFolder(source).vectors })
  expect(Math.max(...parameters(anew, 'inputSquares', 5))).toBeLessThan(
    Math.max(...parameters(out, 'inputSquares', 5)),
  )
})

test('nodes of a tree are taken over for the same tree, and for no other', async () => {
  const source = newFolder()
  await run(source, { ...given, dim, loss: 'hs' })
  const warnings: string[] = []
  const observer = { warning: (message: string) => warnings.push(message) }
  const outputAfter = async (config: TrainRequest['config']) => {
    const out = newFolder()
    await run(out, { ...still, init: source, ...config }, { observer })
    return parameters(out, 'output', 3)
  }
  const output = parameters(source, 'output', 3)
  expect(output.some((value) => value !== 0)).toBe(true)
  expect(await outputAfter({ loss: 'hs' })).toEqual(output)
  expect(warnings.join()).not.toContain('only the input')
  // Fewer words are another tree, and another loss has none.
  for (const other of [{ loss: 'hs', minCount: 40 }, { loss: 'ns' }] as const) {
    expect(await outputAfter(other)).not.toEqual(output)
    expect(warnings.pop()).toContain(`only the input vectors of ${source} are used`)
  }
})

test('another width than asked for is refused; without a width it is that of the vectors', async () => {
  const out = newFolder()
  await expect(run(out, { ...given, dim: 7, init })).rejects.toThrow(
    /init.bin are 6 wide; this asks for --dim 7\n.*\n.*use --dim 6, or leave --dim out/,
  )
  expect(existsSync(out)).toBe(false)
  await run(out, { ...still, init })
  expect(new RunFolder(out).read().config).toMatchObject({ dim, init })
})

test('equal runs are equal files, stopped or not, and the vectors they began with may be gone', async () => {
  const [whole, broken] = [newFolder(), newFolder()]
  const own = join(folder, 'own.bin')
  copyFileSync(init, own)
  await run(whole, { ...long, init })
  await runAndStop(broken, 2, { ...long, init: own })
  rmSync(own)
  await runAndStop(broken, 3, {})
  // The same command as before: the file need not be there.
  await run(broken, { ...long, init: own })
  expect(vectorsOf(broken).equals(vectorsOf(whole))).toBe(true)
  const fingerprints = [whole, broken].map((out) => new RunFolder(out).read().fingerprints)
  expect(fingerprints[0]).toEqual(fingerprints[1])
  expect((await run(broken, { ...long, init: own })).wasComplete).toBe(true)
  // Wherever it lies, it is the same.
  expect((await run(broken, { ...long, init })).wasComplete).toBe(true)
})

test('a run does not go on with other vectors than it began with', async () => {
  const out = newFolder()
  const own = join(folder, 'changing.bin')
  copyFileSync(init, own)
  await runAndStop(out, 2, { ...long, init: own })
  const record = readFileSync(new RunFolder(out).runFile, 'utf8')
  const bytes = readFileSync(own)
  bytes[bytes.length - 4]! ^= 1
  writeFileSync(own, bytes)
  await expect(run(out, { init: own })).rejects.toThrow(`began with other vectors than ${own} holds now`)
  await expect(run(out, { init: writeInit('text.vec', 'text') })).rejects.toThrow(`has init ${own}`)
  expect(readFileSync(new RunFolder(out).runFile, 'utf8')).toBe(record)
  await run(out, {})
  const plain = newFolder()
  await run(plain, { ...still, dim })
  await expect(run(plain, { init })).rejects.toThrow(`has no init; this asks for ${init}`)
})

test('before the first checkpoint other vectors may be given', async () => {
  const [out, expected] = [newFolder(), newFolder()]
  const wide = join(folder, 'wide.bin')
  KeyedVectors.from({ words: WordTable.from(['w0', 'far']), dim: 9, matrix: new Float32Array(18).fill(1) }).save(wide, 'binary') // biome-ignore format: one line
  const killed = { planned: () => expect.fail('killed') }
  await expect(run(out, { ...given, init: wide }, { observer: killed })).rejects.toThrow('killed')
  expect(new RunFolder(out).read().config.dim).toBe(9)
  await run(out, { ...given, init })
  await run(expected, { ...given, init })
  expect(vectorsOf(out).equals(vectorsOf(expected))).toBe(true)
  const vocabularies = [out, expected].map((out) => readFileSync(new RunFolder(out).vocabulary, 'utf8'))
  expect(vocabularies[0]).toBe(vocabularies[1])
})

test('vectors that cannot be read or are no numbers are refused, and nothing is left', async () => {
  const refused = async (path: string, told: string | RegExp) => {
    const out = newFolder()
    await expect(run(out, { ...given, init: path }), path).rejects.toThrow(told)
    expect(existsSync(out)).toBe(false)
  }
  await refused(join(folder, 'missing.bin'), 'there is no such file or folder')
  await refused(corpus, 'is not a file of word vectors')
  await refused(folder, 'is not a run folder')
  const cut = join(folder, 'cut.bin')
  copyFileSync(init, cut)
  truncateSync(cut, 100)
  await refused(cut, 'is not a whole file of word2vec binary vectors')
  const wild = join(folder, 'wild.bin')
  const bytes = readFileSync(init)
  bytes.writeFloatLE(Number.NaN, bytes.length - 5)
  writeFileSync(wild, bytes)
  await refused(wild, `the vector of "nowhere" in ${wild} is not made of numbers`)
})

test('a run that is not complete is not begun with', async () => {
  const source = newFolder()
  await runAndStop(source, 2, { ...long, dim })
  const out = newFolder()
  await expect(run(out, { ...given, init: source })).rejects.toThrow(
    /has no vectors to begin with\n.*it is not complete but stopped/,
  )
  expect(existsSync(out)).toBe(false)
})

test('a run without checkpoints gives its input vectors', async () => {
  const [source, out] = [newFolder(), newFolder()]
  await run(source, { ...given, dim })
  rmSync(new RunFolder(source).checkpoints, { recursive: true })
  await run(out, { ...still, init: source })
  expect(KeyedVectors.load(out).vector('w5')).toEqual(KeyedVectors.load(source).vector('w5'))
  expect(parameters(out, 'output', 7).every((value) => Math.abs(value) < 1e-6)).toBe(true)
})

test("the run's own copy, lost or damaged, is made again, or its loss told", async () => {
  const [whole, broken] = [newFolder(), newFolder()]
  const own = join(folder, 'own-again.bin')
  copyFileSync(init, own)
  await run(whole, { ...long, init })
  await runAndStop(broken, 2, { ...long, init: own })
  const copy = new RunFolder(broken).init
  truncateSync(copy, 200)
  await runAndStop(broken, 2, {})
  new SafetensorsFile(copy).close()
  rmSync(copy)
  rmSync(own)
  await expect(run(broken, {})).rejects.toThrow(/init.safetensors is missing or damaged, and .*own-again.bin/)
  copyFileSync(init, own)
  await run(broken, {})
  expect(vectorsOf(broken).equals(vectorsOf(whole))).toBe(true)
})

test.each(['corpus.json', 'vocab.tsv', 'vectors.safetensors'])('%s damaged is made again', async (name) => {
  const out = newFolder()
  await run(out, { ...given, init })
  const [whole, vectors] = [readFileSync(join(out, name)), vectorsOf(out)]
  writeFileSync(join(out, name), whole.subarray(0, whole.length >> 1))
  await run(out, {})
  expect(readFileSync(join(out, name)).equals(whole)).toBe(true)
  expect(vectorsOf(out).equals(vectors)).toBe(true)
})

test('a stop while the vectors are read leaves nothing behind', async () => {
  const out = newFolder()
  const controller = new AbortController()
  controller.abort()
  await expect(run(out, { ...given, init }, { signal: controller.signal })).rejects.toBeInstanceOf(
    StoppedError,
  )
  expect(existsSync(out)).toBe(false)
})

test('vectors that share no word with the text are told to be of no use', async () => {
  const strange = join(folder, 'strange.bin')
  const random = new Random(deriveSeed(1))
  const far = Float32Array.from({ length: 2 * dim }, () => random.below(100) / 100)
  KeyedVectors.from({ words: WordTable.from(['eins', 'zwei']), dim, matrix: far }).save(strange, 'binary')
  const warnings: string[] = []
  const observer = { warning: (message: string) => warnings.push(message) }
  const out = newFolder()
  await run(out, { ...given, init: strange }, { observer })
  expect(warnings.join()).toContain(`none of the words of ${strange} is in the text`)
  expect(readdirSync(out)).toContain('init.safetensors')
})

test('a run whose vectors all stay as they were says so', async () => {
  const { result } = await run(newFolder(), given)
  const warnings: string[] = []
  const observer = { warning: (message: string) => void warnings.push(message) }
  const config = { ...given, init: result.vectors, freeze: 'init' as const }
  await runTraining({ corpus: [corpus], out: newFolder(), config, observer })
  expect(warnings.join()).toContain('the vectors will be the same as before')
})
