// Samplers say which samples of a MapDataset come next. They are PyTorch's, and draw from the loader's generator, so
//
//   new DataLoader(dataset, { shuffle: true, seed: 7 })
//   DataLoader(dataset, shuffle=True, generator=torch.Generator().manual_seed(7))
//
// give the same order, pass after pass: `seed` means PyTorch's `generator=`, handed to the sampler as well. The order
// of the draws from it, which decides all later ones:
//
//   1. base_seed, 64 bits, when a pass begins, with 0 workers too, and for an IterableDataset too; persistent workers
//      keep the first pass's, and their later passes draw none;
//   2. what the sampler draws, when its first index is asked for; RandomSampler with replacement draws 32 indices
//      ahead, and again when they are used up;
//   3. when the sampler is asked for more than it has, RandomSampler without replacement draws one more permutation
//      and takes `numSamples % length` numbers of it, be that none: a whole pass takes two.
//
// A pass that is broken off has drawn what torch was asked for until then, its batches fetched ahead included:
// `prefetchFactor` for each worker, 2 where that is not given.

import { ConfigError, InputError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { TorchRandom } from './torch-random.ts'

/** Chooses samples by their index, or with `T` = number[] whole batches of them, anew for each pass. */
export interface Sampler<T = number> {
  /** How many a pass gives, where that is known. */
  readonly length?: number | undefined
  /** One pass. What is random in it is drawn from the loader's generator, as the pass goes on. */
  draw(random: TorchRandom): Iterable<T>
}

/** What a loader takes for a sampler: one of these, or any iterable, such as an array or a Set. */
export type SamplerLike<T = number> = Sampler<T> | Iterable<T>

/** A dataset, as far as a sampler must know it. Its length is asked for anew in each pass. */
export interface Sized {
  readonly length: number
}

/**
 * The sampler that a user means by `value`. One that can be passed over only once, such as a generator, is refused at
 * its second pass.
 *
 * throws  ConfigError naming `option` if it is neither a sampler nor iterable
 */
export function asSampler<T>(option: string, value: SamplerLike<T>): Sampler<T> {
  if (typeof value === 'object' && value !== null) {
    if ('draw' in value && typeof value.draw === 'function') return value
    if (Symbol.iterator in value && typeof value[Symbol.iterator] === 'function')
      return new IterableSampler(option, value)
  }
  throw new ConfigError('SAMPLER_OPTION', {
    what: `${option} is ${say(value)}`,
    why: 'it must say which samples to take',
    mend: 'give an iterable, such as an array, or an object with draw(random)',
  })
}

/** 0, 1, 2, … */
export class SequentialSampler implements Sampler {
  readonly #source: Sized

  constructor(source: Sized) {
    requireSized('SequentialSampler', source)
    this.#source = source
  }

  get length(): number {
    return this.#source.length
  }

  *draw(): IterableIterator<number> {
    for (let i = 0; i < this.#source.length; i++) yield i
  }
}

export interface RandomSamplerOptions {
  /** Each index is drawn from all, so that some come again and some never. Default false. */
  replacement?: boolean
  /** How many indices a pass gives. Default: as many as the dataset has. */
  numSamples?: number
}

/**
 * The samples in random order, as torch's RandomSampler gives them; with more `numSamples` than there are, one
 * permutation after the other.
 *
 * memory  4 bytes a sample, none with `replacement`
 * throws  ConfigError if `numSamples`, or the dataset's length, is not at least 1
 */
export class RandomSampler implements Sampler {
  readonly #source: Sized
  readonly #replacement: boolean
  readonly #numSamples: number | undefined

  constructor(source: Sized, options: RandomSamplerOptions = {}) {
    requireSized('RandomSampler', source)
    requireOptions('RandomSampler', options, ['replacement', 'numSamples'])
    const { replacement = false, numSamples } = options
    requireBoolean('RandomSampler', 'replacement', replacement)
    if (numSamples !== undefined) requireCount('RandomSampler', 'numSamples', numSamples)
    if (!(source.length > 0))
      refuse('RandomSampler', "the dataset's length", source.length, 'samples to shuffle')
    this.#source = source
    this.#replacement = replacement
    this.#numSamples = numSamples
  }

  get length(): number {
    return this.#numSamples ?? this.#source.length
  }

  draw(random: TorchRandom): IterableIterator<number> {
    return this.#replacement ? this.#draws(random) : this.#permutations(random)
  }

  *#draws(random: TorchRandom): IterableIterator<number> {
    const total = this.#source.length
    for (let rest = this.length; rest > 0; rest -= 32) {
      const ahead = Array.from({ length: Math.min(32, rest) }, () => random.below(total))
      yield* ahead
    }
  }

  *#permutations(random: TorchRandom): IterableIterator<number> {
    const total = this.#source.length
    let rest = this.length
    for (; rest >= total; rest -= total) yield* random.permutation(total)
    if (rest > 0) yield* random.permutation(total).subarray(0, rest)
    else random.skip(total - 1) // torch's last permutation, of which nothing is used
  }
}

/** Some samples, named by their indices, in random order: torch's SubsetRandomSampler. */
export class SubsetRandomSampler implements Sampler {
  readonly #indices: ArrayLike<number>

  constructor(indices: ArrayLike<number>) {
    this.#indices = indices
  }

  get length(): number {
    return this.#indices.length
  }

  *draw(random: TorchRandom): IterableIterator<number> {
    for (const place of random.permutation(this.#indices.length)) yield this.#indices[place]!
  }
}

export interface WeightedRandomSamplerOptions {
  /** How many indices a pass gives. */
  numSamples: number
  /** Whether an index may come again. Default true. */
  replacement?: boolean
}

/**
 * Index i with a chance in proportion to `weights[i]`, as torch's WeightedRandomSampler draws it: with the same
 * numbers as torch.multinomial, unless two logarithms lie closer together than their last bit.
 *
 * memory  8 bytes a weight, 16 without replacement
 * throws  ConfigError if `numSamples` is not at least 1, a weight is negative or not finite, all are 0, or, without
 *         replacement, fewer than `numSamples` are above 0
 */
export class WeightedRandomSampler implements Sampler {
  readonly #weights: Float64Array
  readonly #numSamples: number
  readonly #replacement: boolean

  constructor(weights: ArrayLike<number>, options: WeightedRandomSamplerOptions) {
    requireOptions('WeightedRandomSampler', options, ['numSamples', 'replacement'])
    const { numSamples, replacement = true } = options
    requireCount('WeightedRandomSampler', 'numSamples', numSamples)
    requireBoolean('WeightedRandomSampler', 'replacement', replacement)
    this.#weights = Float64Array.from(weights)
    this.#numSamples = numSamples
    this.#replacement = replacement
    const wrong = this.#weights.findIndex((weight) => !(weight >= 0 && weight < Infinity))
    if (wrong >= 0)
      refuse('WeightedRandomSampler', `weights[${wrong}]`, weights[wrong], 'a finite number, 0 or more')
    const possible = this.#weights.reduce((count, weight) => count + Number(weight > 0), 0)
    if (possible === 0)
      refuse('WeightedRandomSampler', 'the sum of weights', 0, 'more than 0: nothing could be drawn')
    if (!replacement && numSamples > possible)
      refuse('WeightedRandomSampler', 'numSamples', numSamples, `at most ${possible}, the weights above 0`)
  }

  get length(): number {
    return this.#numSamples
  }

  draw(random: TorchRandom): IterableIterator<number> {
    return this.#replacement ? this.#independent(random) : this.#distinct(random)
  }

  /** Searches the running sums for a number drawn in [0, 1). */
  *#independent(random: TorchRandom): IterableIterator<number> {
    const sums = new Float64Array(this.#weights.length)
    let sum = 0
    for (const [i, weight] of this.#weights.entries()) sums[i] = sum += weight
    for (let i = 0; i < sums.length; i++) sums[i]! /= sum
    sums[sums.length - 1] = 1
    for (let k = 0; k < this.#numSamples; k++) {
      const drawn = random.nextDouble()
      let low = 0
      for (let high = sums.length; low < high; ) {
        const middle = (low + high) >>> 1
        if (sums[middle]! < drawn) low = middle + 1
        else high = middle
      }
      yield low
    }
  }

  /** The largest of weight / e, where each e is drawn from the exponential distribution. */
  *#distinct(random: TorchRandom): IterableIterator<number> {
    const keys = this.#weights.map((weight) => weight / -Math.log1p(-random.nextDouble()))
    const order = new Uint32Array(keys.length).map((_, i) => i)
    yield* order.sort((a, b) => keys[b]! - keys[a]!).subarray(0, this.#numSamples)
  }
}

export interface BatchSamplerOptions {
  /** Indices in a batch. */
  batchSize: number
  /** Leaves out the last batch if it is shorter. Default false. */
  dropLast?: boolean
}

/**
 * A sampler's indices in batches: torch's BatchSampler.
 *
 * throws  ConfigError if `batchSize` is not at least 1
 */
export class BatchSampler implements Sampler<number[]> {
  readonly #sampler: Sampler
  readonly #batchSize: number
  readonly #dropLast: boolean

  constructor(sampler: SamplerLike, options: BatchSamplerOptions) {
    requireOptions('BatchSampler', options, ['batchSize', 'dropLast'])
    const { batchSize, dropLast = false } = options
    requireCount('BatchSampler', 'batchSize', batchSize)
    requireBoolean('BatchSampler', 'dropLast', dropLast)
    this.#sampler = asSampler('BatchSampler: sampler', sampler)
    this.#batchSize = batchSize
    this.#dropLast = dropLast
  }

  get length(): number | undefined {
    const { length } = this.#sampler
    if (length === undefined) return undefined
    return this.#dropLast ? Math.floor(length / this.#batchSize) : Math.ceil(length / this.#batchSize)
  }

  *draw(random: TorchRandom): IterableIterator<number[]> {
    let batch: number[] = []
    for (const index of this.#sampler.draw(random)) {
      batch.push(index)
      if (batch.length < this.#batchSize) continue
      yield batch
      batch = []
    }
    if (batch.length > 0 && !this.#dropLast) yield batch
  }
}

export interface DistributedSamplerOptions {
  /** How many processes share the dataset. */
  numReplicas: number
  /** Which of them this one is, from 0. */
  rank: number
  /** Default true. */
  shuffle?: boolean
  /** The same for all replicas. Default 0. */
  seed?: number
  /** Drops the tail that cannot be shared evenly; else samples from the front come again. Default false. */
  dropLast?: boolean
}

/**
 * One replica's share of the dataset, torch's DistributedSampler: every replica gives the same number of indices. The
 * order comes from `seed` and the epoch alone, not from the loader's generator, so call `setEpoch` before each pass.
 *
 * memory  4 bytes a sample of the whole dataset when it shuffles
 * throws  ConfigError if `rank` is not in 0 … numReplicas-1
 */
export class DistributedSampler implements Sampler {
  readonly #source: Sized
  readonly #options: Required<DistributedSamplerOptions>
  #epoch = 0

  constructor(source: Sized, options: DistributedSamplerOptions) {
    requireSized('DistributedSampler', source)
    requireOptions('DistributedSampler', options, ['numReplicas', 'rank', 'shuffle', 'seed', 'dropLast'])
    const { numReplicas, rank, shuffle = true, seed = 0, dropLast = false } = options
    requireCount('DistributedSampler', 'numReplicas', numReplicas)
    if (!Number.isInteger(rank) || rank < 0 || rank >= numReplicas)
      refuse('DistributedSampler', 'rank', rank, `a whole number from 0 to ${numReplicas - 1}`)
    requireBoolean('DistributedSampler', 'shuffle', shuffle)
    requireBoolean('DistributedSampler', 'dropLast', dropLast)
    if (!Number.isSafeInteger(seed)) refuse('DistributedSampler', 'seed', seed, 'a whole number')
    this.#source = source
    this.#options = { numReplicas, rank, shuffle, seed, dropLast }
  }

  get length(): number {
    const { numReplicas, dropLast } = this.#options
    const share = this.#source.length / numReplicas
    return dropLast ? Math.floor(share) : Math.ceil(share)
  }

  /** The number of the pass to come, from 0. Without it every pass has the same order. */
  setEpoch(epoch: number): void {
    if (!Number.isSafeInteger(epoch)) refuse('DistributedSampler', 'epoch', epoch, 'a whole number')
    this.#epoch = epoch
  }

  *draw(): IterableIterator<number> {
    const { numReplicas, rank, shuffle, seed } = this.#options
    const total = this.#source.length
    const order = shuffle ? new TorchRandom(seed + this.#epoch).permutation(total) : undefined
    for (let i = 0, count = this.length; i < count; i++) {
      const place = (rank + i * numReplicas) % total // past the end it begins again
      yield order ? order[place]! : place
    }
  }
}

/** A user's own iterable. */
class IterableSampler<T> implements Sampler<T> {
  readonly #option: string
  readonly #values: Iterable<T>
  #passed = false

  constructor(option: string, values: Iterable<T>) {
    this.#option = option
    this.#values = values
  }

  get length(): number | undefined {
    const { length, size } = this.#values as { length?: unknown; size?: unknown }
    return typeof length === 'number' ? length : typeof size === 'number' ? size : undefined
  }

  draw(): Iterable<T> {
    const iterator = this.#values[Symbol.iterator]()
    const again = (iterator as unknown) === this.#values
    if (again && this.#passed)
      throw new InputError('SAMPLER_SPENT', {
        what: `${this.#option} has been passed over, and gives nothing more`,
        why: 'it is its own iterator, as a generator is, and has one pass',
        mend: 'give an array, or an object whose [Symbol.iterator] begins anew',
      })
    this.#passed = true
    return { [Symbol.iterator]: () => iterator }
  }
}

function requireSized(sampler: string, source: Sized): void {
  if (Number.isSafeInteger(source?.length) && source.length >= 0) return
  throw new ConfigError('SAMPLER_OPTION', {
    what: `${sampler} was given ${say(source)} as its dataset`,
    why: 'it must know how many samples there are',
    mend: 'give the dataset, or { length: 10 }',
  })
}

/** Options by PyTorch's names, or given one by one as Python takes them, would be passed over without a word. */
function requireOptions(sampler: string, options: object, known: readonly string[]): void {
  if (typeof options !== 'object' || options === null)
    refuse(sampler, 'options', options, `an object with ${known.join(', ')}`)
  for (const key of Object.keys(options)) {
    if (known.includes(key)) continue
    const near = nearestName(key.replaceAll('_', ''), known)
    throw new ConfigError('SAMPLER_OPTION', {
      what: `${sampler} has no option ${key}`,
      mend: near ? `did you mean ${near}?` : `there are ${known.join(', ')}`,
    })
  }
}

function requireCount(sampler: string, option: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) refuse(sampler, option, value, 'a whole number, 1 or more')
}

function requireBoolean(sampler: string, option: string, value: boolean): void {
  if (typeof value !== 'boolean') refuse(sampler, option, value, 'true or false')
}

function refuse(sampler: string, option: string, value: unknown, wanted: string): never {
  throw new ConfigError('SAMPLER_OPTION', {
    what: `${sampler}: ${option} is ${say(value)}`,
    mend: `give ${wanted}`,
  })
}

function say(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value) : String(value)
}
