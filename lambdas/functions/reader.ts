import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { systemClock, systemSleep } from '../adapters/system-clock.ts';
import { readerHandlers } from '../http/reader-operations.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { ReaderEnvironment } from './reader.env.ts';
import { softwareOf } from './software.ts';

const environment = ReaderEnvironment.parse(process.env);
const software = softwareOf('reader', loadConfig('reader').digest);
const logger = createLogger('reader');
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const store = dynamoStore(connectDynamo(tables), systemClock);

export const handler = httpFunction(
  readerHandlers({ store, clock: systemClock, sleep: systemSleep, version: software.version }),
  { store, software, logger, keepsRefusals: false },
);
