/** What the contract says of naming a configuration. */
import { Field, ID, InputType } from 'type-graphql';
import { configurationInput } from '../../../service/configuration/configuration-input.js';
import { about } from './about.js';

@InputType({
  description: 'A configuration: a backup, or a database as it is now. Exactly one of backupId and database',
})
export class ConfigurationRefInput {
  @Field(() => ID, { nullable: true, ...about(configurationInput, 'backupId') })
  backupId?: string | null;

  @Field(() => String, { nullable: true, ...about(configurationInput, 'decryptionKey') })
  decryptionKey?: string | null;

  @Field(() => ID, { nullable: true, ...about(configurationInput, 'database') })
  database?: string | null;
}
