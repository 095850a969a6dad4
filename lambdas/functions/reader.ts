import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { systemClock, systemRandom, systemSleep } from '../adapters/system-clock.ts';
import { connectVaults } from '../adapters/vault/connect-vaults.ts';
import { readerHandlers } from '../http/reader-operations.ts';
import { vaultPlaces } from './environment.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { ReaderEnvironment } from './reader.env.ts';
import { softwareOf } from './software.ts';

const environment = ReaderEnvironment.parse(process.env);
const software = softwareOf('reader', loadConfig('reader').digest);
const logger = createLogger('reader');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const dynamo = connectDynamo(tables);
const store = dynamoStore(dynamo, systemClock);
const vaults = connectVaults(dynamo.client, vaultPlaces(environment), {
  clock: systemClock,
  random: systemRandom,
});

export const handler = httpFunction(
  readerHandlers({
    store,
    vaults,
    clock: systemClock,
    sleep: systemSleep,
    version: software.version,
    consoleUrl: environment.CONSOLE_URL,
  }),
  { store, software, logger, keepsRefusals: false },
);
