import { z } from 'zod'
import { parseBytes } from '../core/bytes.ts'
import { ConfigError } from '../core/errors.ts'
import { nearestName } from '../core/text.ts'
import { tokenizers } from '../corpus/index.ts'

/**
 * What a change of a key means to a run that exists.
 *
 * identity     it would be another run: refused on resume
 * schedule     how long it goes on
 * operational  free: the result is the same, but for the order in which threads meet
 */
export type KeyClass = 'identity' | 'schedule' | 'operational'

const whole = (least: number, most: number) => z.number().int().min(least).max(most)
const kind = (keyClass: KeyClass) => ({ keyClass })

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
  model: z.enum(['skipgram']).default('skipgram').describe('what predicts what').meta(kind('identity')),
  loss: z.enum(['ns']).default('ns').describe('ns: negative sampling').meta(kind('identity')),
  dim: whole(1, 4096).default(100).describe('width of the vectors').meta(kind('identity')),
  window: whole(1, 100)
    .default(5)
    .describe('words on each side, drawn anew from 1 to this for each')
    .meta(kind('identity')),
  negative: whole(1, 100).default(5).describe('negative samples for each centre word').meta(kind('identity')),
  noiseExponent: z
    .number()
    .min(-2)
    .max(2)
    .default(0.75)
    .describe('power of the counts that they are drawn by')
    .meta(kind('identity')),
  sample: z
    .number()
    .min(0)
    .max(1)
    .default(1e-3)
    .describe('thin out words more frequent than this; 0 keeps all')
    .meta(kind('identity')),
  lr: z
    .number()
    .positive()
    .max(1)
    .default(0.025)
    .describe('learning rate at the start; falls to 0 in a line')
    .meta(kind('identity')),
  seed: whole(0, Number.MAX_SAFE_INTEGER).default(1).describe('of all random numbers').meta(kind('identity')),
  epochs: whole(1, 10_000).default(5).describe('passes over the corpus').meta(kind('schedule')),
  threads: whole(1, 256)
    .optional()
    .describe('training threads (default: one for each core, 16 at most)')
    .meta(kind('operational')),
  memory: z
    .union([whole(1, Number.MAX_SAFE_INTEGER), z.string().transform((size) => parseBytes(size, 'memory:'))])
    .optional()
    .describe('memory the plan may use, such as 2G (default: what the machine has)')
    .meta(kind('operational')),
})

export type TrainConfig = z.infer<typeof trainConfigSchema>
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
  if (result.success) return result.data
  throw configError(result.error.issues[0]!, trainKeys, where)
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
