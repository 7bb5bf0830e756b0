import { InputError, ResourceError } from '../core/errors.ts'
import type { TrainKernelName } from '../runtime/wasm.ts'
import type { TrainConfig } from '../word2vec/index.ts'
import type { TrainState } from './state.ts'

/**
 * Refuses a deterministic run whose multiply-add would be rounded in another way than elsewhere.
 *
 * isFused  whether this engine, on this processor, rounds a relaxed multiply-add once
 * throws   ResourceError
 */
export function requireArithmetic({ deterministic, arithmetic }: TrainConfig, isFused: boolean): void {
  if (!deterministic || arithmetic === 'strict' || isFused) return
  throw new ResourceError('NOT_FUSED', {
    what: 'this machine cannot train deterministically with fused arithmetic',
    why: 'its engine or processor does not round a multiply-add once, so the vectors would not be those of others',
    mend: 'give --arithmetic strict: the same bits on every machine, slower, and another result than fused',
  })
}

const bitsVersion = 3

/**
 * What a checkpoint records of a kernel: where bits are promised, all of one name give the same. The number rises when
 * the bits change.
 */
export function arithmeticOf(kernel: TrainKernelName): string {
  return `${kernel === 'train.strict' ? 'strict' : 'fused'}/${bitsVersion}`
}

/**
 * Refuses to go on with a kernel whose arithmetic differs from that of the checkpoint, where bits are promised.
 *
 * throws   InputError
 * returns  a warning where they are not promised
 */
export function requireKernel(
  { deterministic }: TrainConfig,
  { kernel }: TrainState,
  here: string,
): string | undefined {
  if (kernel === undefined || kernel === here) return undefined
  if (!deterministic)
    return `the checkpoint was made with the arithmetic ${kernel}, ${whence(kernel)}, and this is ${here}: results differ in the last digits`
  throw new InputError('KERNEL_DIFFERS', {
    what: `the checkpoint was made with the arithmetic ${kernel}, ${whence(kernel)}; here it would be ${here}`,
    why: 'a deterministic run ends with the same bits only if all of it is done in the same arithmetic',
    mend: 'go on with it where it was begun, or begin anew with another --out',
  })
}

/** Who has such an arithmetic. */
function whence(kernel: string): string {
  return kernel.endsWith(`/${bitsVersion}`) ? 'on another kind of machine' : 'by another version of Millrace'
}
