import { statementTargetContract } from '../../contracts/statement-target.ts';

statementTargetContract({ name: 'the packaged PostgreSQL', thorough: false });
