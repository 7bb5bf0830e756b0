import { expect, test } from 'vitest'
import { deriveSeed, Random } from '../core/random.ts'
import { HuffmanTree } from './huffman.ts'
import { trainLanes } from './lane-reference.ts'
import { sentenceBreak } from './model.ts'
import {
  gradients,
  initialiseReference,
  keptWords,
  move,
  type ReferenceModel,
  type Step,
  trainReference,
  windowSteps,
} from './reference.ts'
import { aliasTable, noiseOffsets } from './tables.ts'

const seed = Number(process.env.SEED ?? Math.floor(Math.random() * 1e6))
const counts = Float64Array.from([90, 40, 33, 12, 12, 7, 3, 2, 1])
const exponent = 0.75

type Variant = Partial<ReferenceModel>

/** A model of nine words with vectors as large as after some training. Everything is kept. */
function build(variant: Variant, random: Random): ReferenceModel {
  const V = counts.length
  const dim = variant.dim ?? 3
  const negative = variant.negative ?? 3
  const values = () => Float64Array.from({ length: V * dim }, () => (random.below(2001) - 1000) / 700)
  const noise = new Uint32Array(2 * V)
  aliasTable(counts, exponent, noise)
  const offsets = new Float32Array(V)
  noiseOffsets(counts, exponent, negative, offsets)
  const tree = new HuffmanTree(counts)
  const paths = { offsets: new Uint32Array(V + 1), steps: new Uint32Array(tree.steps) }
  tree.write(paths.offsets, paths.steps)
  return {
    model: 'skipgram',
    loss: 'ns',
    optimizer: 'sgd',
    dim,
    window: 3,
    radius: 'fixed',
    negative,
    negatives: 'shared',
    cbowInput: 'mean',
    cbowGradient: 'undivided',
    input: values(),
    output: values(),
    inputSquares: values().map((x) => x ** 2),
    outputSquares: values().map((x) => x ** 2),
    keep: new Uint32Array(V).fill(0xffffffff),
    noise,
    noiseOffsets: offsets,
    paths,
    ...variant,
  }
}

const matrices = ['input', 'output', 'inputSquares', 'outputSquares'] as const

function copy(model: ReferenceModel): ReferenceModel {
  const own = Object.fromEntries(matrices.map((name) => [name, model[name]!.slice()]))
  return { ...model, ...own }
}

function sentences(random: Random, count = 30): Uint32Array {
  const ids: number[] = []
  while (ids.length < count) {
    const length = 1 + random.below(9)
    for (let i = 0; i < length; i++) ids.push(Math.min(random.below(9), random.below(9)))
    ids.push(sentenceBreak)
  }
  return Uint32Array.from(ids)
}

// ---- the gradient, by finite differences of the loss as the papers write it

/** −log of what the text says of a step, from words alone; K·Pn and paths are not taken from the step. */
function lossOf(model: ReferenceModel, centre: number, { contexts, targets }: Step): number {
  const { dim, input, output, negative } = model
  const vectors = contexts.map((c) => [...input.subarray(c * dim, (c + 1) * dim)])
  const sum = vectors.reduce((a, b) => a.map((x, d) => x + b[d]!))
  const mean = sum.map((x) => x / contexts.length)
  const sources = model.model === 'skipgram' ? vectors : [model.cbowInput === 'mean' ? mean : sum]
  const score = (x: number[], row: number) => x.reduce((s, value, d) => s + value * output[row * dim + d]!, 0)
  const sigmoid = (s: number) => 1 / (1 + Math.exp(-s))
  let loss = 0
  for (const x of sources) {
    if (model.loss === 'hs') {
      const { offsets, steps } = model.paths!
      for (const step of steps.subarray(offsets[centre], offsets[centre + 1])) {
        const turn = step >>> 31 === 0 ? 1 : -1
        loss -= Math.log(sigmoid(turn * score(x, step & 0x7fffffff)))
      }
      continue
    }
    for (const [k, { row }] of targets.entries()) {
      const e = Math.exp(score(x, row))
      const total = counts.reduce((sum, count) => sum + count ** exponent, 0)
      const noise = model.loss === 'nce' ? (negative * counts[row]! ** exponent) / total : 1
      loss -= Math.log(k === 0 ? e / (e + noise) : noise / (e + noise))
    }
  }
  return loss
}

/** −dL of each number of a matrix, from central differences. */
function slopes(model: ReferenceModel, name: 'input' | 'output', centre: number, step: Step): number[] {
  const matrix = model[name]
  return Array.from(matrix, (value, i) => {
    const [above, below] = [1e-5, -1e-5].map((nudge) => {
      matrix[i] = value + nudge
      return lossOf(model, centre, step)
    })
    matrix[i] = value
    return (below! - above!) / 2e-5
  })
}

const losses = ['ns', 'hs', 'nce'] as const
const variants: Variant[] = losses.flatMap((loss) => [
  ...(['shared', 'per-pair'] as const).map((negatives) => ({ model: 'skipgram' as const, loss, negatives })),
  ...(['mean', 'sum'] as const).flatMap((cbowInput) =>
    (['undivided', 'divided'] as const).map((cbowGradient) => {
      return { model: 'cbow' as const, loss, cbowInput, cbowGradient }
    }),
  ),
])
const named = variants.map((variant) => [Object.values(variant).join(' '), variant] as const)

test.each(named)('%s moves down the slope of its loss (finite differences)', (_, variant) => {
  const random = new Random(deriveSeed(seed, 1))
  const model = build(variant, random)
  // The first window has a word twice among its contexts: 1 2 · 1.
  const kept = Uint32Array.from([1, 2, 0, 1, sentenceBreak, ...sentences(random)])
  let checked = 0
  for (const place of kept.keys()) {
    for (const step of windowSteps(model, kept, place, BigInt(seed))) {
      const centre = kept[place]!
      const found = gradients(model, step)
      expect(found.loss, `SEED=${seed}`).toBeCloseTo(lossOf(model, centre, step), 5)
      const moved = copy(model)
      move(moved, step, found, 1)
      // word2vec.c gives each context the whole slope of the mean: C times its own.
      const asInWord2vec =
        model.model === 'cbow' && model.cbowInput === 'mean' && model.cbowGradient !== 'divided'
      for (const name of ['input', 'output'] as const) {
        const times = name === 'input' && asInWord2vec ? step.contexts.length : 1
        for (const [i, slope] of slopes(model, name, centre, step).entries())
          expect(moved[name][i]! - model[name][i]!, `${name}, SEED=${seed}`).toBeCloseTo(times * slope, 5)
      }
      checked++
    }
  }
  expect(checked).toBeGreaterThan(5)
})

test('with hierarchical softmax the chances of all words add up to 1', () => {
  const model = build({ loss: 'hs' }, new Random(deriveSeed(seed, 2)))
  const chances = Array.from(counts, (_, word) => {
    const [step] = windowSteps(model, Uint32Array.from([word, 4]), 0, 1n)
    return Math.exp(-gradients(model, step!).loss)
  })
  expect(
    chances.reduce((sum, chance) => sum + chance),
    `SEED=${seed}`,
  ).toBeCloseTo(1, 12)
})

test('far out the loss is exact and finite', () => {
  const model = build(
    { dim: 1, input: Float64Array.of(1000), output: Float64Array.of(1, -1) },
    new Random(1n),
  )
  const step = { contexts: [0], targets: [0, 1].map((row) => ({ row, label: 0 as const, offset: 0 })) }
  expect(gradients(model, step)).toEqual({ loss: 1000, g: [[-1, 0]] })
})

// ---- Moves, worked by hand. D = 1.

/** With x·t = ± log 3, σ is 3/4 or 1/4 and g is ± 1/4. */
const log3 = Math.log(3)
const oneWide = (variant: Variant, input: number[], output: number[]) =>
  build(
    {
      dim: 1,
      inputSquares: new Float64Array(input.length),
      outputSquares: new Float64Array(output.length),
      ...variant,
      input: Float64Array.from(input),
      output: Float64Array.from(output),
    },
    new Random(1n),
  )
const twoTargets: Step['targets'] = [
  { row: 0, label: 1, offset: 0 },
  { row: 1, label: 0, offset: 0 },
]

test('adagrad divides each slope by the root of the sum of its squares', () => {
  // x = 1, t = log 3 and −log 3: g = ¼ and −¼, so G is ½ log 3 for x, ¼ and −¼ for the targets.
  const model = oneWide({ optimizer: 'adagrad' }, [1], [log3, -log3])
  // 15/16 + (¼)² = 1.
  model.outputSquares![0] = 0.9375
  const step = { contexts: [0], targets: twoTargets }
  move(model, step, gradients(model, step), 0.1)
  expect(model.inputSquares![0]).toBeCloseTo(0.25 * log3 ** 2, 14)
  expect(model.input[0]).toBeCloseTo(1 + (0.1 * 0.5 * log3) / (0.5 * log3 + 1e-6), 14)
  expect([...model.outputSquares!]).toEqual([expect.closeTo(1, 14), expect.closeTo(0.0625, 14)])
  expect(model.output[0]).toBeCloseTo(log3 + 0.025 / (1 + 1e-6), 14)
  expect(model.output[1]).toBeCloseTo(-log3 - 0.025 / (0.25 + 1e-6), 14)
})

test('adagrad takes a context that stands twice one after the other', () => {
  const model = oneWide({ optimizer: 'adagrad' }, [1], [log3])
  const step = { contexts: [0, 0], targets: twoTargets.slice(0, 1) }
  const G = 0.25 * log3
  move(model, step, gradients(model, step), 1)
  expect(model.inputSquares![0]).toBeCloseTo(2 * G ** 2, 14)
  expect(model.input[0]).toBeCloseTo(1 + G / (G + 1e-6) + G / (Math.SQRT2 * G + 1e-6), 14)
  // The target has one slope of the whole step: ¼ + ¼.
  expect(model.outputSquares![0]).toBeCloseTo(0.25, 14)
  expect(model.output[0]).toBeCloseTo(log3 + 0.5 / (0.5 + 1e-6), 14)
})

test("adagrad with cbow's mean: the squares are of the slope that the context takes", () => {
  for (const [cbowGradient, share] of [
    ['undivided', 1],
    ['divided', 0.5],
  ] as const) {
    const model = oneWide({ model: 'cbow', optimizer: 'adagrad', cbowGradient }, [0.5, 1.5], [log3])
    const step = { contexts: [0, 1], targets: twoTargets.slice(0, 1) }
    move(model, step, gradients(model, step), 1)
    const G = 0.25 * log3 * share
    expect([...model.inputSquares!]).toEqual([expect.closeTo(G ** 2, 14), expect.closeTo(G ** 2, 14)])
    expect(model.input[1]).toBeCloseTo(1.5 + G / (G + 1e-6), 14)
    expect(model.output[0]).toBeCloseTo(log3 + 0.25 / (0.25 + 1e-6), 14)
  }
})

test('lanes begin at the same values, and each adds a share of what it learned', () => {
  // Five words of 0 and a break behind each: in two lanes, word 0 is context and target of no other word.
  const model = oneWide({ loss: 'hs' }, [1, 1], [log3])
  model.keep = new Uint32Array(2).fill(0xffffffff)
  model.paths = { offsets: Uint32Array.of(0, 1, 2), steps: Uint32Array.of(0, 0) }
  const one = { ...model, input: model.input.slice(), output: model.output.slice() }
  const sentence = [0, 1, sentenceBreak]
  trainReference(one, Uint32Array.from(sentence), 1, 3n)
  const learned = one.output[0]! - log3
  const sums = trainLanes(model, Uint32Array.from([...sentence, ...sentence]), 1, 3n, {
    lanes: 2,
    words: 4,
    pool: 8,
  })
  // Both lanes have one sentence, each uses the node twice and what it learned is the same.
  const share = (1 + 4 / 50 / 2) / (1 + 4 / 50)
  expect(sums.pairs).toBe(4)
  expect(model.output[0]).toBeCloseTo(log3 + 2 * share * learned, 12)
})

test('a row that one lane alone has used is as that one left it', () => {
  const model = oneWide({ loss: 'hs' }, [1, 1, 1, 1], [log3, -log3])
  model.paths = { offsets: Uint32Array.of(0, 1, 2, 3, 4), steps: Uint32Array.of(0, 0, 1, 1) }
  const freely = { ...model, input: model.input.slice(), output: model.output.slice() }
  // No word of one lane is a neighbour of the other's.
  const block = Uint32Array.from([0, 1, sentenceBreak, sentenceBreak, sentenceBreak, 2, 3, sentenceBreak])
  const apart = { ...model, window: 1 }
  trainLanes(apart, block, 1, 3n, { lanes: 2, words: 4, pool: 8 })
  trainReference({ ...freely, window: 1, keep: new Uint32Array(4).fill(0xffffffff) }, block, 1, 3n)
  for (const name of ['input', 'output'] as const)
    expect([...apart[name]]).toEqual([...freely[name]].map((x) => expect.closeTo(x, 14)))
})

test.each(['sgd', 'adagrad'] as const)('frozen rows stay, and others move as without (%s)', (optimizer) => {
  for (const variant of variants) {
    const random = new Random(deriveSeed(seed, 3))
    const free = build({ ...variant, optimizer }, random)
    const frozen = { ...copy(free), frozen: Uint8Array.of(0, 1, 0, 0, 1, 0, 0, 0, 0) }
    const before = copy(free)
    const [step] = windowSteps(free, Uint32Array.of(1, 2, 0, 1, 3, 4), 2, 5n)
    step!.contexts = [1, 2, 4]
    for (const model of [free, frozen]) move(model, step!, gradients(model, step!), 0.5)
    expect(frozen.output).toEqual(free.output)
    for (const [word, stays] of frozen.frozen.entries()) {
      for (const name of ['input', 'inputSquares'] as const) {
        const row = (model: ReferenceModel) => [...model[name]!.subarray(3 * word, 3 * word + 3)]
        expect(row(frozen), `${name}, SEED=${seed}`).toEqual(row(stays ? before : free))
      }
      expect(free.input[3 * word] !== before.input[3 * word]).toBe(step!.contexts.includes(word))
    }
  }
})

// ---- Windows and what is drawn

/** As text: `place: contexts>targets contexts>targets`. */
function describeWindows(model: ReferenceModel, kept: Uint32Array, block: bigint): string[] {
  return [...kept.keys()].flatMap((place) => {
    const steps = windowSteps(model, kept, place, block)
    const texts = steps.map(({ contexts, targets }) => {
      return `${contexts.join('')}>${targets.map(({ row }) => row).join('')}`
    })
    return texts.length > 0 ? [`${place}: ${texts.join(' ')}`] : []
  })
}

// The numbers that follow come from a program of its own in another language, so that a change of what is drawn is
// noticed: kernels, checkpoints and golden hashes rest on it.
const B = sentenceBreak
const goldenIds = Uint32Array.of(0, 1, 2, 3, 4, B, 4, 3, 2, 1, 0, 0, B, 2, 2, 1, B, 3, 0, 4, 1, 2, 3, 0, 1, B)
const goldenKept = [0, 1, 2, 3, 4, B, 4, 3, 2, 1, 0, 0, B, 2, 2, B, 4, 2, 0, 1, B]
const goldenShared =
  '0: 123>021,1: 02>103,2: 0134>213,3: 0124>342,4: 3>420,6: 3>402,7: 4210>314,8: 4310>213,9: 20>143,10: 10>014,' +
  '11: 0>021,13: 2>231,14: 2>240,16: 2>430,17: 401>230,18: 421>031,19: 0>124'
const goldenFixed =
  '0: 123>021,1: 0234>142,2: 0134>201,3: 0124>321,4: 123>402,6: 321>430,7: 4210>304,8: 43100>201,9: 43200>132,' +
  '10: 3210>023,11: 210>043,13: 2>241,14: 2>201,16: 201>401,17: 401>201,18: 421>014,19: 420>134'
const goldenPairs =
  '0: 1>041 2>031 3>032,1: 0>120 2>123,2: 0>213 1>241 3>201 4>204,3: 0>321 1>342 2>341 4>321,4: 3>412,6: 3>412,' +
  '7: 4>324 2>321 1>342 0>301,8: 4>231 3>241 1>204 0>204,9: 2>104 0>143,10: 1>014 0>042,11: 0>031,13: 2>213,' +
  '14: 2>213,16: 2>421,17: 4>241 0>214 1>240,18: 4>014 2>014 1>013,19: 0>120'

test('draws what it always drew', () => {
  const block = 0xfedcba9876543210n
  const drawn = (variant: Variant) => {
    const model = build(
      { radius: 'drawn', negative: 2, keep: new Uint32Array(5).fill(0xbfffffff), ...variant },
      new Random(1n),
    )
    model.noise = Uint32Array.from([1, 2, 3, 4, 0].flatMap((next) => [0x7fffffff, next]))
    const kept = keptWords(model, goldenIds, block)
    expect([...kept]).toEqual(goldenKept)
    return describeWindows(model, kept, block).join()
  }
  expect(drawn({})).toBe(goldenShared)
  expect(drawn({ radius: 'fixed' })).toBe(goldenFixed)
  expect(drawn({ negatives: 'per-pair' })).toBe(goldenPairs)
  expect(drawn({ loss: 'nce', negatives: 'per-pair' })).toBe(goldenPairs)
  expect(drawn({ model: 'cbow', negatives: 'per-pair' })).toBe(goldenShared)
  const contextsOnly = (text: string) => text.replaceAll(/>\d+/g, '')
  expect(contextsOnly(drawn({ loss: 'hs', negatives: 'per-pair' }))).toBe(contextsOnly(goldenShared))
})

test('a word is kept up to its threshold, and breaks draw nothing', () => {
  const drawn = Number(new Random(9n).next64() >> 32n)
  const kept = (least: number) => [
    ...keptWords(build({ keep: Uint32Array.of(least) }, new Random(1n)), Uint32Array.of(B, 0, B), 9n),
  ]
  expect(kept(drawn)).toEqual([B, 0, B])
  expect(kept(drawn - 1)).toEqual([B, B])
})

test('the first vectors are what they always were', () => {
  // Of three numbers drawn within ± 1/2: √(3 / D) is 1 with three dimensions.
  const drawn = [-0.1318104863166809, 0.44356417655944824, -0.45474302768707275]
  expect([...initialiseReference(1, 3, 1)]).toEqual(drawn)
  expect([...initialiseReference(3, 1, 1)]).toEqual(drawn.map((x) => x * Math.sqrt(3)))
})

test('the first vectors are about half a unit long, whatever the dimension', () => {
  for (const dim of [10, 100, 1000]) {
    const values = initialiseReference(100, dim, 1)
    expect(values.reduce((sum, x) => sum + x * x, 0) / 100).toBeCloseTo(1 / 4, 2)
    expect(Math.max(...values.map(Math.abs))).toBeLessThanOrEqual(Math.sqrt(3 / (4 * dim)))
  }
})

test('contexts are the words of the sentence within a radius of 1 to window, in text order', () => {
  const random = new Random(deriveSeed(seed, 5))
  const model = build({ window: 4, radius: 'drawn' }, random)
  const text = Array.from({ length: 80 }, () => [...sentences(random, 1)].slice(0, -1))
  const kept = Uint32Array.from(text.flatMap((sentence) => [...sentence, sentenceBreak]))
  const radii = new Set<number>()
  let place = 0
  for (const sentence of text) {
    for (let at = 0; at < sentence.length; at++, place++) {
      const found = windowSteps(model, kept, place, BigInt(seed))[0]?.contexts ?? []
      const within = (radius: number) => sentence.filter((_, i) => i !== at && Math.abs(i - at) <= radius)
      const radius = [1, 2, 3, 4].find((radius) => within(radius).join() === found.join())
      expect(radius, `SEED=${seed}`).toBeDefined()
      if (within(4).join() !== within(3).join()) radii.add(radius!)
    }
    expect(windowSteps(model, kept, place++, BigInt(seed))).toEqual([])
  }
  expect([...radii].sort(), `SEED=${seed}`).toEqual([1, 2, 3, 4])
})

test('noise is distinct, never the centre, and given up where there is too little', () => {
  const kept = Uint32Array.of(0, 3)
  const rows = (model: ReferenceModel, place: number) =>
    windowSteps(model, kept, place, 1n)[0]!.targets.map(({ row }) => row)
  const model = build({ negative: 8 }, new Random(1n))
  for (let word = 0; word < 9; word++) model.noise.set([0, 3], 2 * word)
  model.noise.set([0xffffffff, 3], 6)
  expect(rows(model, 0)).toEqual([0, 3])
  expect(rows(model, 1)).toEqual([3])
})

test.each(named)('training is the windows of the kept words, one after the other: %s', (_, variant) => {
  const random = new Random(deriveSeed(seed, 6))
  const model = build({ ...variant, keep: new Uint32Array(9).fill(0xb0000000) }, random)
  const other = copy(model)
  const ids = sentences(random, 200)
  const kept = keptWords(model, ids, 77n)
  const wanted = { loss: 0, pairs: 0, centres: kept.filter((id) => id !== sentenceBreak).length }
  for (const place of kept.keys()) {
    for (const step of windowSteps(other, kept, place, 77n)) {
      const found = gradients(other, step)
      move(other, step, found, 0.05)
      wanted.loss += found.loss
      wanted.pairs += (model.model === 'cbow' ? 1 : step.contexts.length) * step.targets.length
    }
  }
  expect(trainReference(model, ids, 0.05, 77n), `SEED=${seed}`).toEqual(wanted)
  expect(wanted.centres).toBeLessThan(ids.filter((id) => id !== sentenceBreak).length)
  for (const name of matrices) expect(model[name]).toEqual(other[name])
})
