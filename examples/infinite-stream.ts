// A stream without an end, shuffled, in batches, read by two workers; the consumer decides when it has enough.
//   npx node examples/infinite-stream.ts
import { DataLoader, fromModule, getWorkerInfo } from 'millrace/loader'
import { from } from 'millrace/stream'

/** A sensor that never stops: readings of this worker's own device. */
function* readings() {
  const device = getWorkerInfo()?.id ?? 0
  for (let second = 0; ; second++) yield { device, second, celsius: 20 + Math.sin(second / 10 + device) }
}

/** What a worker makes anew for itself: a description, of which nothing runs until it is read. */
export const warmReadings = fromModule(import.meta.url, function warmReadings() {
  return from(readings)
    .filter(({ celsius }) => celsius > 20)
    .shuffle({ window: 100, seed: 1 })
})

if (import.meta.main) {
  const loader = new DataLoader(warmReadings, { batchSize: 4, numWorkers: 2 })
  let batches = 0
  for await (const { device, second } of loader) {
    console.log(`device ${device[0]}, seconds ${[...second].join(' ')}`)
    if (++batches === 6) break // closes the generators in the workers, and the workers
  }
}
