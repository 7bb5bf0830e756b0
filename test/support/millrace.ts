// The command line from its sources, to be started as a process: no build is needed.
import { main } from '../../src/cli/main.ts'

await main(process.argv.slice(2))
