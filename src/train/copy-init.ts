import { once } from 'node:events'
import { writeFileAtomically } from '../core/disk.ts'
import { InputError, type PackedError, StoppedError, unpackError } from '../core/errors.ts'
import { SafetensorsFile, type Tensor } from '../core/safetensors.ts'
import { siblingModule, startWorker } from '../runtime/workers.ts'
import { readVectors, type VectorTable, writeStreamedVectors } from '../vectors/index.ts'
import type { InitSource } from './init.ts'
import { packRows } from './parameters.ts'

/** What the copying thread is given. */
export interface CopyJob {
  source: InitSource
  fingerprint: string
  target: string
}

/** What it answers. */
export interface CopyMessage {
  error: PackedError | null
  /** Words that came again, whose later vectors were passed over. */
  duplicates: number
}

/**
 * Copies the vectors that a run begins with into its folder, in a thread of its own: what reading them takes is free
 * again when the thread ends, before training takes its memory.
 *
 * memory  the vectors and their words, once
 * throws  InputError if the file is damaged, or holds what is no number; ResourceError if the disk refuses;
 *         StoppedError on abort
 */
export async function copyInit(job: CopyJob, signal: AbortSignal | undefined): Promise<CopyMessage> {
  const worker = startWorker(siblingModule(import.meta.url, 'copy-init-thread'), job)
  try {
    const [message]: CopyMessage[] = await once(worker, 'message', { ...(signal && { signal }) })
    if (message!.error) throw unpackError(message!.error)
    return message!
  } catch (error) {
    if (!signal?.aborted) throw error
    throw new StoppedError('STOPPED', {
      what: 'stopped while reading the vectors to begin with',
      mend: 'run the same command again: it begins anew',
    })
  } finally {
    await worker.terminate()
  }
}

/** Reads the source whole and writes the copy; see `InitFile` for what is in it. Returns how many words came again. */
export function writeCopy({ source, fingerprint, target }: CopyJob): number {
  const table = readVectors(source.vectors)
  const longest = lengthOfLongest(table, source.path)
  const file = source.tensors === undefined ? undefined : new SafetensorsFile(source.tensors)
  try {
    const { words, counts, dim } = table
    writeFileAtomically(target, (write) =>
      writeStreamedVectors(write, {
        words,
        counts,
        dim,
        rows: () => packRows(rowsOf(table), dim),
        moreTensors: file ? trainedTensors(file) : {},
        moreMetadata: {
          init: fingerprint,
          longest: String(longest),
          ...(source.loss && { loss: source.loss }),
        },
      }),
    )
    return table.duplicates
  } finally {
    file?.close()
  }
}

function* rowsOf(table: VectorTable): Generator<Float32Array> {
  for (let i = 0; i < table.length; i++) yield table.row(i)
}

/** All that a run's checkpoint holds beside its input vectors, which are its result. */
function trainedTensors(file: SafetensorsFile): Record<string, Tensor> {
  const names = [...file.tensors.keys()].filter((name) => name !== 'input')
  return Object.fromEntries(
    names.map((name): [string, Tensor] => {
      const { dtype, shape } = file.tensors.get(name)!
      return [name, { dtype, shape, bytes: () => partsOf(file, name) }]
    }),
  )
}

function* partsOf(file: SafetensorsFile, name: string): Generator<Uint8Array> {
  const { begin, end } = file.tensors.get(name)!
  const buffer = new Uint8Array(2 ** 20)
  for (let done = 0; done < end - begin; done += buffer.length) {
    const part = buffer.subarray(0, Math.min(buffer.length, end - begin - done))
    file.readInto(name, part, done)
    yield part
  }
}

/** throws  InputError if a vector is not made of numbers */
function lengthOfLongest(table: VectorTable, path: string): number {
  let longest = 0
  for (let i = 0; i < table.length; i++) {
    const square = table.row(i).reduce((sum, value) => sum + value * value, 0)
    if (!Number.isFinite(square)) {
      throw new InputError('INIT_NOT_FINITE', {
        what: `the vector of ${JSON.stringify(table.words.word(i))} in ${path} is not made of numbers`,
        why: 'the training that made it has diverged, or the file is damaged',
        mend: 'begin with other vectors, or without --init',
      })
    }
    longest = Math.max(longest, Math.sqrt(square))
  }
  return longest
}
