// Where the programs of a chassis are: Open vSwitch's switch and ovn-controller, of Debian's openvswitch-switch and
// ovn-host. prepare.mjs installs neither: the first has hooks in how the machine's own network comes up, and both start
// daemons at boot. Where they are not installed it unpacks them into a folder, and they run from there.

import { accessSync, constants } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const CHASSIS_PACKAGES = ['openvswitch-switch', 'ovn-host'];
/** Where they are unpacked. */
export const UNPACKED = fileURLToPath(new URL('../../../dist/.chassis', import.meta.url));

/** Under the root of the file system, as the packages have them. */
const PLACES = {
  switch: ['usr/sbin/ovs-vswitchd', 'usr/lib/openvswitch-switch/ovs-vswitchd'],
  configurer: ['usr/bin/ovs-vsctl'],
  controller: ['usr/bin/ovn-controller'],
  schema: ['usr/share/openvswitch/vswitch.ovsschema'],
};

function isReadable(path, mode) {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** All of them, from one place, so that they are of one release; undefined where there is no such place. */
export function findChassisPrograms() {
  for (const root of ['/', UNPACKED]) {
    const found = Object.entries(PLACES).map(([what, places]) => {
      const mode = what === 'schema' ? constants.R_OK : constants.X_OK;
      return [what, places.map((place) => join(root, place)).find((path) => isReadable(path, mode))];
    });
    if (found.every(([, path]) => path !== undefined)) return Object.fromEntries(found);
  }
  return undefined;
}
