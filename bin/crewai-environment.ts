import { join, resolve } from 'node:path';
import { prepareVenv } from './prepare-venv.ts';

/** The folder of the example, and what it asks of PyPI. */
export const EXAMPLE = resolve(import.meta.dirname, '../examples/crewai');

/** The Python that runs the example, with CrewAI in its environment. Throws `Mistakes` where Python or PyPI cannot be had. */
export const prepareCrewai = (onProgress: (what: string) => void): Promise<string> =>
  prepareVenv({
    dir: resolve(EXAMPLE, '../../.latchkey/crewai'),
    requirements: join(EXAMPLE, 'requirements.txt'),
    what: 'CrewAI',
    size: '140 packages, 1 GB on disk, a minute on a fast line',
    onProgress,
  });
