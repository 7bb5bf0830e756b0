import { z } from 'zod'
import { parseCadence, parsePlaceCadence } from '../checkpoint/index.ts'
import { parseBytes } from '../core/bytes.ts'
import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { tokenizers } from '../corpus/index.ts'

/**
 * What a change of a key means to a run that exists.
 *
 * identity     it would be another run: refused on resume
 * schedule     how long it goes on, and what ends it before
 * operational  free: the result is the same, but for the order in which threads meet
 */
export type KeyClass = 'identity' | 'schedule' | 'operational'

const whole = (least: number, most: number) => z.number().int().min(least).max(most)
const kind = (keyClass: KeyClass) => ({ keyClass })

/** Learning rates that are used where none is given. Source: word2vec.c. */
export const standardRate = { skipgram: 0.025, cbow: 0.05 }

const intervalFault = 'it must be a time, words or blocks of text, such as 60s, 90m, 2h, 5Mwords or 500steps'

const placeFault =
  'it must be epochs, words or blocks of text, such as 1epoch, 0.25epochs, 5Mwords or 500steps'

/** All there is to set about training. The CLI's flags, their help and defaults are made from this. */
export const trainConfigSchema = z.strictObject({
  tokenizer: z
    .enum(tokenizers)
    .default('whitespace')
    .describe('how text becomes words')
    .meta(kind('identity')),
  minCount: whole(1, 2 ** 31)
    .default(5)
    .describe('leave out words that occur less often')
    .meta(kind('identity')),
  model: z
    .enum(['skipgram', 'cbow'])
    .default('skipgram')
    .describe('skipgram: each word from each of its neighbours; cbow: from all of them at once')
    .meta(kind('identity')),
  loss: z
    .enum(['ns', 'hs', 'nce'])
    .default('ns')
    .describe('negative sampling, hierarchical softmax, or noise-contrastive estimation')
    .meta(kind('identity')),
  dim: whole(1, 4096).default(100).describe('width of the vectors').meta(kind('identity')),
  window: whole(1, 100).default(5).describe('words on each side').meta(kind('identity')),
  radius: z
    .enum(['drawn', 'fixed'])
    .default('drawn')
    .describe('of a window: from 1 to --window, drawn anew for each word, or always --window')
    .meta(kind('identity')),
  negative: whole(1, 100)
    .default(5)
    .describe('negative samples, or noise samples of nce')
    .meta(kind('identity')),
  negatives: z
    .enum(['shared', 'per-pair'])
    .default('shared')
    .describe('drawn once for a window of skipgram, or for each pair of words as in word2vec.c')
    .meta(kind('identity')),
  noiseExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.75)
    .describe('power of the counts that they are drawn by')
    .meta(kind('identity')),
  cbowInput: z
    .enum(['mean', 'sum'])
    .default('mean')
    .describe('what a window of cbow is made into')
    .meta(kind('identity')),
  cbowGradient: z
    .enum(['undivided', 'divided'])
    .default('undivided')
    .describe("of the mean, for each word: undivided as in word2vec.c, or the mean's own")
    .meta(kind('identity')),
  sample: z
    .number()
    .min(0)
    .max(1)
    .default(1e-3)
    .describe('thin out words more frequent than this; 0 keeps all')
    .meta(kind('identity')),
  sampleFormula: z
    .enum(['word2vec', 'paper'])
    .default('word2vec')
    .describe("chance of keeping a word: word2vec.c's, or the paper's")
    .meta(kind('identity')),
  optimizer: z
    .enum(['sgd', 'adagrad'])
    .default('sgd')
    .describe('sgd with a rate that falls in a line, or adagrad with a constant one')
    .meta(kind('identity')),
  lr: z
    .number()
    .positive()
    .max(1)
    .optional()
    .describe(`learning rate at the start (default: ${standardRate.skipgram}; cbow ${standardRate.cbow})`)
    .meta(kind('identity')),
  init: z
    .string()
    .min(1)
    .optional()
    .describe('vectors, or a finished run, to begin with; its words are added to the vocabulary')
    .meta(kind('identity')),
  freeze: z
    .enum(['none', 'init'])
    .default('none')
    .describe('init: the vectors that --init brings stay as they are')
    .meta(kind('identity')),
  deterministic: z
    .boolean()
    .default(false)
    .describe('the same vectors, bit for bit, with any number of threads')
    .meta(kind('identity')),
  arithmetic: z
    .enum(['fused', 'strict'])
    .default('fused')
    .describe('multiply-add in one rounding, where the machine can, or in two')
    .meta(kind('identity')),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1).describe('of all random numbers').meta(kind('identity')),
  epochs: whole(1, 10_000).default(5).describe('passes over the corpus').meta(kind('schedule')),
  earlyStop: z
    .string()
    .min(1)
    .default('none')
    .describe('end before the last epoch when this score no longer rises, such as questions-words.total')
    .meta(kind('schedule')),
  patience: whole(1, 10_000)
    .default(3)
    .describe('how many times running that score may be no better than its best')
    .meta(kind('schedule')),
  leastGain: z
    .number()
    .min(0)
    .default(0)
    .describe('by how much it must be above its best to count as better')
    .meta(kind('schedule')),
  evaluateEvery: z
    .string(placeFault)
    .refine((text) => parsePlaceCadence(text) !== undefined, placeFault)
    .optional()
    .describe(
      'score the vectors while they are trained: 1epoch, 0.25epochs, 5Mwords or 500steps (default: 1epoch, where there are questions)',
    )
    .meta(kind('operational')),
  threads: whole(1, 256)
    .optional()
    .describe('training threads (default: one for each core, 16 at most)')
    .meta(kind('operational')),
  skipBadBlocks: z
    .boolean()
    .default(false)
    .describe('leave out a block that has ended the trainer three times running')
    .meta(kind('operational')),
  memory: z
    .union([whole(1, Number.MAX_SAFE_INTEGER), z.string().transform((size) => parseBytes(size, 'memory:'))])
    .optional()
    .describe('memory the plan may use, such as 2G (default: what its control group or the machine has)')
    .meta(kind('operational')),
  checkpointEvery: z
    .string(intervalFault)
    .refine((text) => parseCadence(text) !== undefined, intervalFault)
    .optional()
    .describe(
      '60s, 5Mwords or 500steps, a step being a block (default: 60s, or 100 times what the last one cost)',
    )
    .meta(kind('operational')),
})

/** A config as resolved: nothing is left open that a default would change. */
export type TrainConfig = z.infer<typeof trainConfigSchema> & { lr: number }
export type TrainConfigInput = z.input<typeof trainConfigSchema>
export type TrainKey = keyof TrainConfig

export const trainKeys = Object.keys(trainConfigSchema.shape) as TrainKey[]

export function keyClass(key: TrainKey): KeyClass {
  return (trainConfigSchema.shape[key].meta() as { keyClass: KeyClass }).keyClass
}

/**
 * Checks a config and fills in the defaults.
 *
 * throws  ConfigError naming the key; for an unknown one, the nearest known; `where` says where it stands
 */
export function parseTrainConfig(input: unknown, where = 'the config'): TrainConfig {
  const result = trainConfigSchema.safeParse(input)
  if (!result.success) throw configError(result.error.issues[0]!, trainKeys, where)
  const config = result.data
  const lr = config.lr ?? standardRate[config.model]
  // What ends on a score must have one.
  const evaluateEvery = config.evaluateEvery ?? (stopsEarly(config) ? standardEvaluateEvery : undefined)
  return { ...config, lr, ...(evaluateEvery !== undefined && { evaluateEvery }) }
}

/** How often vectors are scored where there are questions, and nothing says how often. */
export const standardEvaluateEvery = '1epoch'

/** Whether a score may end training before its last epoch. */
export function stopsEarly({ earlyStop }: Pick<TrainConfig, 'earlyStop'>): boolean {
  return earlyStop !== 'none'
}

/** Keys that do nothing beside the value of another one. */
const idle: { keys: TrainKey[]; when: (config: TrainConfig) => boolean; because: string }[] = [
  {
    keys: ['negative', 'negatives', 'noiseExponent'],
    when: ({ loss }) => loss === 'hs',
    because: 'hierarchical softmax draws no samples',
  },
  {
    keys: ['negatives'],
    when: ({ model }) => model === 'cbow',
    because: 'a window of cbow is one pair: its samples are its own',
  },
  {
    keys: ['cbowInput', 'cbowGradient'],
    when: ({ model }) => model !== 'cbow',
    because: 'the model is skipgram',
  },
  {
    keys: ['cbowGradient'],
    when: ({ cbowInput }) => cbowInput === 'sum',
    because: 'the gradient of a sum is not divided',
  },
  {
    keys: ['sampleFormula'],
    when: ({ sample }) => sample === 0,
    because: 'with sample 0 every word is kept',
  },
  {
    keys: ['freeze'],
    when: ({ init }) => init === undefined,
    because: 'there is no init to freeze',
  },
  {
    keys: ['patience', 'leastGain'],
    when: (config) => !stopsEarly(config),
    because: 'no score was named to stop early on: see earlyStop',
  },
]

/**
 * Refuses what was given and would do nothing.
 *
 * given   what somebody asked for; a default is no request
 * throws  ConfigError naming the key
 */
export function requireMeaning(given: TrainConfigInput, config: TrainConfig): void {
  const standard = trainConfigSchema.parse({})
  for (const { keys, when, because } of idle) {
    const key = keys.find((key) => given[key] !== undefined && given[key] !== standard[key])
    if (key === undefined || !when(config)) continue
    throw new ConfigError('CONFIG_IDLE', {
      what: `${key} ${given[key]} does nothing here`,
      why: because,
      mend: `leave ${key} out`,
    })
  }
}

/** The first thing wrong with a config, in plain words. */
export function configError(issue: z.core.$ZodIssue, known: string[], where: string): ConfigError {
  if (issue.code === 'unrecognized_keys') {
    const key = issue.keys[0]!
    const nearest = nearestName(key, known)
    return new ConfigError('CONFIG_KEY', {
      what: `${where} has an unknown key ${[...issue.path, key].join('.')}`,
      mend: nearest ? `did you mean ${nearest}?` : `known keys: ${known.join(', ')}`,
    })
  }
  const key = issue.path.join('.')
  return new ConfigError('CONFIG_VALUE', {
    what: key ? `${where}: ${key} is wrong` : `${where} is wrong`,
    why: issue.message.replace(/^Invalid input: /, ''),
  })
}
