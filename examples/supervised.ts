// A program that dies now and then, and a supervisor that starts it again until it is done.
//   npx node examples/supervised.ts [folder]
// With the command line for a supervisor:
//   npx millrace supervise -- node examples/supervised.ts [folder]
import { join } from 'node:path'
import { CheckpointStore } from 'millrace/checkpoint'
import {
  describeEnding,
  describeGivingUp,
  heartbeat,
  isSupervised,
  leaveSupervisor,
  listenToSupervisor,
  supervise,
} from 'millrace/supervise'

const steps = 300
const saveEvery = 10

/** Adds up squares, and saves the sum with the place that it belongs to. */
async function work(folder: string): Promise<void> {
  const store = new CheckpointStore<{ step: number; sum: number }>(join(folder, 'checkpoints'))
  let { step, sum } = store.newest()?.state ?? { step: 0, sum: 0 }
  console.log(`from step ${step}`)

  const stop = new AbortController()
  const end = () => stop.abort()
  process.on('SIGTERM', end).on('SIGINT', end)
  // Short of memory, or without a supervisor: save and end as well.
  listenToSupervisor({ restart: end, orphaned: end })

  heartbeat({ saved: step }) // where this attempt begins: progress is counted from here
  const diesAt = step + 80 + 60 * Math.random()
  while (step < steps && !stop.signal.aborted) {
    sum += step ** 2
    step++
    if (step % saveEvery === 0) {
      await store.write({ step, sum }, {})
      heartbeat({ at: `step ${step} of ${steps}`, saved: step })
    }
    if (step > diesAt) process.kill(process.pid, 'SIGKILL') // stands for the machine that lets us down
  }
  if (step < steps) {
    await store.write({ step, sum }, {})
    process.exitCode = 75 // not done: to be started again
  } else console.log(`sum ${sum} after ${step} steps`)
  leaveSupervisor()
}

async function watchOver(folder: string): Promise<void> {
  const outcome = await supervise({
    command: [process.execPath, ...process.execArgv, import.meta.filename, folder],
    observer: { died: (ending) => console.log(describeEnding(ending)) },
  })
  console.log(`${outcome.deaths} deaths`)
  if (outcome.gaveUp) console.error(describeGivingUp(outcome))
  process.exitCode = outcome.code ?? 1
}

if (import.meta.main) {
  const folder = process.argv[2] ?? 'runs/supervised'
  await (isSupervised() ? work(folder) : watchOver(folder))
}
