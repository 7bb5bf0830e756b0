export { type Cadence, type PlaceCadence, parseCadence, parsePlaceCadence } from './cadence.ts'
export { type Checkpoint, CheckpointStore, type Manifest } from './store.ts'
