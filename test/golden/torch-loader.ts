// A loader made from one of scripts/golden-torch.py's configurations, and what it gives.
import { DataLoader } from '../../src/loader/index.ts'
import {
  Failing,
  FailingTens,
  failInWorker1,
  Lengths,
  MapSeeds,
  Numbers,
  Passes,
  Seeds,
  splitData,
  Tens,
} from './torch-datasets.ts'
import { makeSampler, type SamplerSpec, setEpoch } from './torch-golden.ts'

export interface LoaderConfig {
  kind: 'iterable' | 'map' | 'seeds'
  dataset?: 'iterable' | 'map'
  shardBy?: 'workerInfo' | 'workerInit' | 'none'
  countPasses?: boolean
  length: number
  lengths: number[]
  stride: number
  numWorkers: number
  persistentWorkers?: boolean
  sampler?: SamplerSpec
  batchSampler?: SamplerSpec
  breakAfter?: number
  failAt?: number | (number | null)[]
  failInWorkerInit?: boolean
  loaderLength?: number
  epochs: unknown[][]
  [option: string]: unknown
}

const passedOn = [
  'batchSize',
  'numWorkers',
  'dropLast',
  'prefetchFactor',
  'persistentWorkers',
  'shuffle',
  'seed',
]

/** The loader with as many threads as torch had processes, or with `inMain` as many lanes in the main thread. */
export function makeLoader(config: LoaderConfig, inMain = false) {
  const options: Record<string, unknown> = Object.fromEntries(
    passedOn.filter((name) => name in config).map((name) => [name, config[name]]),
  )
  for (const name of ['sampler', 'batchSampler'] as const)
    if (config[name]) options[name] = makeSampler(config[name], config.length)
  if (config.shardBy === 'workerInit') options['workerInit'] = splitData
  if (config.failInWorkerInit) options['workerInit'] = failInWorker1
  if (config.shardBy === 'none') options['sharding'] = 'none'
  if (inMain) {
    Object.assign(options, { numWorkers: 0, lanes: config.numWorkers })
    delete options['prefetchFactor']
    delete options['persistentWorkers']
  }
  return { loader: new DataLoader(makeDataset(config) as any, options as any), options }
}

/**
 * The batches of as many passes as torch made, as plain arrays. They are put into `passes`, where they are found
 * after an error too.
 */
export async function passesOver(
  config: LoaderConfig,
  inMain = false,
  passes: unknown[][] = [],
): Promise<unknown[][]> {
  const { loader, options } = makeLoader(config, inMain)
  if (config.loaderLength !== undefined && loader.length !== config.loaderLength)
    throw new Error(`the loader's length is ${loader.length}, torch's was ${config.loaderLength}`)
  try {
    for (const epoch of config.epochs.keys()) {
      setEpoch(config.sampler, options['sampler'], epoch)
      const batches: unknown[] = []
      passes.push(batches)
      for await (const batch of loader as AsyncIterable<unknown>) {
        batches.push(ArrayBuffer.isView(batch) ? Array.from(batch as Float64Array) : batch)
        if (epoch === 0 && batches.length === config.breakAfter) break
      }
    }
  } finally {
    await loader.close()
  }
  return passes
}

/** The options that tell a configuration from the others. */
export function titleOf({ epochs, loaderLength, ...options }: LoaderConfig): string {
  return JSON.stringify(options).replaceAll('"', '')
}

function makeDataset(config: LoaderConfig) {
  const { kind, failAt, length, lengths } = config
  if (kind === 'seeds') return config.dataset === 'iterable' ? new Seeds() : new MapSeeds(config.numWorkers)
  if (kind === 'map') return typeof failAt === 'number' ? new FailingTens(length, failAt) : new Tens(length)
  if (Array.isArray(failAt)) return new Failing(lengths, failAt)
  if (config.shardBy !== 'workerInfo') return new Numbers(length)
  return config.countPasses ? new Passes(length) : new Lengths(lengths, config.stride)
}
