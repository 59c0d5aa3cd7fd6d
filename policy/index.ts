/** What Pulumi starts: `pulumi preview --policy-pack policy`. */
import { PolicyPack } from "@pulumi/policy";
import { policies } from "./pack";

new PolicyPack("tokenrack", { policies, enforcementLevel: "mandatory" });
