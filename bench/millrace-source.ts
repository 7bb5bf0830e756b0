// The command `millrace` from the sources, for a bench before the first build.
import { main } from '../src/cli/main.ts'

await main(process.argv.slice(2))
