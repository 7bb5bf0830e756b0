import type { RecipeFigure } from '../experiment/index.ts'
import type { FigureContent } from './document.ts'
import type { Experiment } from './experiment-runs.ts'
import { barsFigure } from './figure-bars.ts'
import { linesFigure } from './figure-lines.ts'
import { pairsFigure } from './figure-pairs.ts'
import { trainingFigure } from './figure-training.ts'

/** Draws a figure of a recipe from its runs. */
export async function drawFigure(experiment: Experiment, figure: RecipeFigure): Promise<FigureContent> {
  switch (figure.kind) {
    case 'lines':
      return linesFigure(experiment, figure)
    case 'bars':
      return barsFigure(experiment, figure)
    case 'training':
      return trainingFigure(experiment, figure)
    case 'pairs':
      return pairsFigure(experiment, figure)
  }
}
