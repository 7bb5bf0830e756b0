// Trains on windows that were drawn into jobs.
import { activateJob } from './activate'
import { ADAGRAD, GRADIENTS, HIDDEN, JOB_BYTES, JOB_CONTEXTS, MODE, ROW_BYTES, WINDOW_BYTES } from './layout'
import { moveJob } from './move'
import { dotsJob } from './product'

/** One job after the other, each at the values that the last one left. */
@inline
export function runJobs(params: usize, jobs: usize, windows: u32, learningRate: f32): void {
  const bytes = load<usize>(params, ROW_BYTES)
  const windowBytes = load<usize>(params, WINDOW_BYTES)
  const jobBytes = load<usize>(params, JOB_BYTES)
  const gradients = load<usize>(params, GRADIENTS)
  const hidden = load<usize>(params, HIDDEN)
  const rate = f32x4.splat(learningRate)
  const weight = load<u32>(params, MODE) & ADAGRAD ? f32x4.splat(1) : rate
  const end = jobs + <usize>windows * windowBytes
  for (let window = jobs; window < end; window += windowBytes) {
    for (let job = window; job < window + windowBytes && load<u32>(job, JOB_CONTEXTS) != 0; job += jobBytes) {
      dotsJob(params, bytes, job, hidden, gradients)
      activateJob(params, job, gradients, gradients, weight)
      moveJob(params, bytes, job, hidden, gradients, rate)
    }
  }
}
