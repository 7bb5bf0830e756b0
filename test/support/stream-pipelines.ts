import fc from 'fast-check'
import { from, type Stream } from '../../src/stream/index.ts'
import { type Probe, type SourceKind, sourceKinds } from './stream-probe.ts'

/** A pipeline as plain data: a source and the stages after it. */
export interface Recipe {
  source: { kind: SourceKind | 'list'; count: number }
  stages: StageRecipe[]
}

export type StageRecipe =
  | { stage: 'map' | 'filter' | 'tap'; isAsync: boolean }
  | { stage: 'flatMap'; gives: (typeof manyKinds)[number]; isAsync: boolean }
  | { stage: 'take' | 'skip' | 'prefetch' | 'repeat'; count: number }
  | { stage: 'endless'; count: number }
  | { stage: 'batch'; size: number; dropLast: boolean }
  | { stage: 'window'; size: number; step: number; partial: boolean }
  | { stage: 'shuffle'; window: number | { bytes: number }; seed: number }
  | { stage: 'interleave' | 'zip' | 'concat'; others: Recipe[] }

const manyKinds = ['list', 'cursor', 'generator', 'async generator', 'stream'] as const

const small = (min: number, max: number) => fc.integer({ min, max })
const constant = <const T extends string>(...names: T[]) => fc.constantFrom<T>(...names)

const made = fc.letrec<{
  recipe: Recipe
  stage: StageRecipe
  short: Recipe
  simple: StageRecipe
}>((tie) => {
  const source = fc.record({ kind: constant('list', ...sourceKinds), count: small(0, 7) })
  return {
    recipe: fc.record({ source, stages: fc.array(tie('stage'), { maxLength: 5 }) }),
    short: fc.record({ source, stages: fc.array(tie('simple'), { maxLength: 2 }) }),
    stage: fc.oneof(
      { arbitrary: tie('simple'), weight: 12 },
      {
        arbitrary: fc.record({
          stage: constant('interleave', 'zip', 'concat'),
          others: fc.array(tie('short'), { maxLength: 2 }),
        }),
        weight: 3,
      },
    ),
    simple: fc.oneof(
      fc.record({ stage: constant('map', 'filter', 'tap'), isAsync: fc.boolean() }),
      fc.record({ stage: constant('flatMap'), gives: constant(...manyKinds), isAsync: fc.boolean() }),
      fc.record({ stage: constant('take', 'skip'), count: small(0, 9) }),
      fc.record({ stage: constant('prefetch'), count: small(1, 3) }),
      fc.record({ stage: constant('repeat'), count: small(0, 3) }),
      fc.record({ stage: constant('endless'), count: small(0, 12) }),
      fc.record({ stage: constant('batch'), size: small(1, 4), dropLast: fc.boolean() }),
      fc.record({ stage: constant('window'), size: small(1, 4), step: small(1, 5), partial: fc.boolean() }),
      fc.record({
        stage: constant('shuffle'),
        window: fc.oneof(small(1, 6), fc.record({ bytes: small(1, 60) })),
        seed: small(-3, 3),
      }),
    ),
  }
})

/** Any pipeline of a few stages; those with several sources hold shorter ones. */
export const anyRecipe = made.recipe

/** The stream that a recipe tells, over sources of the probe. */
export function build({ source, stages }: Recipe, probe: Probe): Stream<unknown> {
  const items = itemsOf(source.count)
  const first: Stream<unknown> = from(source.kind === 'list' ? items : probe.source(source.kind, items))
  return stages.reduce((stream, stage) => append(stream, stage, probe), first)
}

/** The elements that a recipe's stream should give, of which there are at most `limit`; undefined if it shuffles. */
export function model(recipe: Recipe): unknown[] | undefined {
  let items: unknown[] | undefined = itemsOf(recipe.source.count)
  for (const stage of recipe.stages) items = items && modelStage(items, stage)
  return items
}

function append(stream: Stream<unknown>, recipe: StageRecipe, probe: Probe): Stream<unknown> {
  switch (recipe.stage) {
    case 'map':
      return stream.map(recipe.isAsync ? async (item) => changed(item) : changed)
    case 'filter':
      return stream.filter(recipe.isAsync ? async (item) => isKept(item) : isKept)
    case 'tap':
      return stream.tap(recipe.isAsync ? async () => {} : () => {})
    case 'flatMap':
      return stream.flatMap((item) => {
        const many = manyOf(recipe.gives, item, probe)
        return recipe.isAsync ? Promise.resolve(many) : many
      })
    case 'take':
      return stream.take(recipe.count)
    case 'skip':
      return stream.skip(recipe.count)
    case 'prefetch':
      return stream.prefetch(recipe.count)
    case 'repeat':
      return stream.repeat(recipe.count)
    case 'endless':
      return stream.repeat().take(recipe.count)
    case 'batch':
      return stream.batch(recipe.size, { dropLast: recipe.dropLast })
    case 'window':
      return stream.window(recipe.size, { step: recipe.step, partial: recipe.partial })
    case 'shuffle':
      return stream.shuffle({ window: recipe.window, seed: recipe.seed })
    default: {
      const others = recipe.others.map((other) => build(other, probe))
      if (recipe.stage === 'zip') return stream.zip(...others)
      return recipe.stage === 'concat' ? stream.concat(...others) : stream.interleave(...others)
    }
  }
}

function modelStage(items: unknown[], recipe: StageRecipe): unknown[] | undefined {
  switch (recipe.stage) {
    case 'map':
      return items.map(changed)
    case 'filter':
      return items.filter(isKept)
    case 'tap':
    case 'prefetch':
      return items
    case 'flatMap':
      return items.flatMap(parts)
    case 'take':
      return items.slice(0, recipe.count)
    case 'skip':
      return items.slice(recipe.count)
    case 'repeat':
      return Array.from({ length: recipe.count }, () => items).flat()
    case 'endless':
      return Array.from({ length: items.length && recipe.count }, (_, i) => items[i % items.length])
    case 'batch':
      return chunks(items, recipe.size, recipe.size, !recipe.dropLast)
    case 'window':
      return chunks(items, recipe.size, recipe.step, recipe.partial)
    case 'shuffle':
      return undefined
    default:
      return modelMany([items, ...recipe.others.map(model)], recipe.stage)
  }
}

function modelMany(
  lists: (unknown[] | undefined)[],
  stage: 'interleave' | 'zip' | 'concat',
): unknown[] | undefined {
  const all: unknown[][] = []
  for (const list of lists) {
    if (!list) return undefined
    all.push(list)
  }
  if (stage === 'concat') return all.flat()
  const lengths = all.map((list) => list.length)
  if (stage === 'zip')
    return Array.from({ length: Math.min(...lengths) }, (_, i) => all.map((list) => list[i]))
  return Array.from({ length: Math.max(...lengths) }, (_, i) =>
    all.filter((list) => i < list.length).map((list) => list[i]),
  ).flat()
}

function chunks(items: unknown[], size: number, step: number, partial: boolean): unknown[][] {
  const starts = Array.from({ length: Math.ceil(items.length / step) }, (_, i) => i * step)
  return starts
    .map((start) => items.slice(start, start + size))
    .filter((chunk) => partial || chunk.length === size)
}

function itemsOf(count: number): number[] {
  return Array.from({ length: count }, (_, i) => 10 + i)
}

/** A number from any element, which may hold lists of lists. */
function weigh(item: unknown): number {
  if (!Array.isArray(item)) return Number(item)
  return item.reduce((sum, part) => (sum * 31 + weigh(part) + 7) % 1009, item.length)
}

function changed(item: unknown): number {
  return (weigh(item) * 17 + 3) % 1009
}

function isKept(item: unknown): boolean {
  return weigh(item) % 3 !== 0
}

/** None, one or two elements in the place of one. */
function parts(item: unknown): number[] {
  const weight = weigh(item)
  return [weight, weight + 1].slice(0, weight % 3)
}

function manyOf(gives: (typeof manyKinds)[number], item: unknown, probe: Probe) {
  const items = parts(item)
  if (gives === 'list') return items
  if (gives === 'stream') return from(probe.source('slow cursor', items)).map((item) => item)
  const source = probe.source(gives, items)
  return typeof source === 'function' ? source() : source
}
