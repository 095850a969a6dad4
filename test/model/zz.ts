import { appWorld } from './app-world.ts';
import { coreWorld } from './core-world.ts';
import { playEvents } from './play.ts';

const t = performance.now();
const told = await playEvents({
  newWorld: process.argv[3] === 'core' ? coreWorld : appWorld,
  runs: Number(process.argv[2] ?? 40),
  longest: 40,
}).catch((e) => {
  console.log(String(e).slice(0, 3000));
  console.log(e.cause?.stack?.slice(0, 1500));
});
if (told)
  console.log(
    [...told]
      .sort()
      .map(([k, v]) => `${v} ${k}`)
      .join('\n'),
  );
console.log(((performance.now() - t) / 1000).toFixed(1));
