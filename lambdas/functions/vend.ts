import { stsSessions } from '../adapters/aws/assume-role.ts';
import { awsIssuer } from '../adapters/aws/aws-issuer.ts';
import { mysqlIssuer, postgresIssuer } from '../adapters/database/database-issuers.ts';
import { passwordKey } from '../adapters/database/password-key.ts';
import { rdsTokenSigner } from '../adapters/database/rds-token-signer.ts';
import { connectDynamo } from '../adapters/dynamo/dynamo-call.ts';
import { dynamoStore } from '../adapters/dynamo/dynamo-store.ts';
import { eksIssuer } from '../adapters/eks/eks-issuer.ts';
import { instanceConnect } from '../adapters/ssh/instance-connect.ts';
import { sshIssuer } from '../adapters/ssh/ssh-issuer.ts';
import { systemBackoff, systemClock, systemRandom } from '../adapters/system-clock.ts';
import { vendHandlers } from '../http/vend-operations.ts';
import { httpFunction } from './http-function.ts';
import { loadConfig } from './load-config.ts';
import { createLogger } from './logger.ts';
import { softwareOf } from './software.ts';
import { VendEnvironment } from './vend.env.ts';

const environment = VendEnvironment.parse(process.env);
const config = loadConfig('vend');
const logger = createLogger('vend');
const software = softwareOf('vend', config.digest);
const tables = { grants: environment.GRANTS_TABLE, audit: environment.AUDIT_TABLE };
const assume = stsSessions();
const databases = {
  signer: rdsTokenSigner({ assume, clock: systemClock }),
  readKey: passwordKey(environment.PASSWORD_SECRET_ARN, systemClock),
};
const store = dynamoStore(connectDynamo(tables), systemClock);

export const handler = httpFunction(
  vendHandlers({
    store,
    software,
    issuers: {
      postgres: postgresIssuer(databases),
      mysql: mysqlIssuer(databases),
      aws: awsIssuer({ assume, clock: systemClock, log: logger.log }),
      ssh: sshIssuer({ pushKey: instanceConnect({ assume }), clock: systemClock }),
      eks: eksIssuer({ assume, clock: systemClock }),
    },
    resources: config.resources,
    clock: systemClock,
    random: systemRandom,
    backoff: systemBackoff,
  }),
  { store, software, logger, keepsRefusals: true },
);
