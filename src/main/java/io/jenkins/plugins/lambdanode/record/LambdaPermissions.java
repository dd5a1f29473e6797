package io.jenkins.plugins.lambdanode.record;

import hudson.init.InitMilestone;
import hudson.init.Initializer;
import hudson.model.Item;
import hudson.security.Permission;
import hudson.security.PermissionGroup;
import hudson.security.PermissionScope;
import org.kohsuke.accmod.Restricted;
import org.kohsuke.accmod.restrictions.NoExternalUse;

/** What may be granted beside Jenkins's own permissions. */
@Restricted(NoExternalUse.class)
public final class LambdaPermissions {

    public static final PermissionGroup GROUP =
            new PermissionGroup(LambdaPermissions.class, Messages._LambdaPermissions_group());

    /** Who may configure a job can let it deploy whatever he wants, so he may roll back too. */
    public static final Permission ROLL_BACK = new Permission(
            GROUP, "RollBack", Messages._LambdaPermissions_rollBack(), Item.CONFIGURE, PermissionScope.ITEM);

    private LambdaPermissions() {}

    /** Makes the permission known before anybody is granted it. */
    @Initializer(after = InitMilestone.PLUGINS_STARTED, before = InitMilestone.EXTENSIONS_AUGMENTED)
    public static void register() {
        ROLL_BACK.getId();
    }
}
