import { mkdtempSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { madeUpText } from '../../test/made-up-text.ts'
import { expand } from './expand.ts'
import { findVersion } from './find-version.ts'
import { prepareRuns } from './prepare.ts'
import { parseRecipe } from './recipe.ts'
import { runRecorded } from './run-recorded.ts'

test('a run that did not fit in its share does not keep that share for its limit', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'millrace-'))
  process.env.MILLRACE_CACHE = join(folder, 'cache')
  writeFileSync(join(folder, 'text.txt'), madeUpText(50_000, 1))
  const recipe = parseRecipe(
    { name: 'large', corpus: 'text.txt', train: { dim: 2000, epochs: 1, threads: 1, minCount: 1 } },
    join(folder, 'recipe.yaml'),
  )
  const expansion = expand(recipe)
  const prepared = await prepareRuns(expansion.runs, { fetch: false })
  const version = findVersion(join(folder, 'runs'), recipe, expansion, prepared, '1')
  const share = { memory: 118 * 2 ** 20 }
  await expect(runRecorded(version, 'large', share)).rejects.toMatchObject({ code: 'MEMORY_PLAN' })
  // Its memory is planned before training sees that it is to stop.
  const stop = { signal: AbortSignal.abort() }
  await expect(runRecorded(version, 'large', stop)).rejects.toMatchObject({ code: 'STOPPED' })
})
