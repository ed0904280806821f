/**
 * Machines that look for the next fault: damaged files, writes that fail, processes that are
 * killed. Each runs in a short form with the other tests, in a long one with {@code -Pfaults}.
 */
package org.medoid.tests.faults;
